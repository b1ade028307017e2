//! How are lists read and written whose items have types of their own?

use super::{Blank, Encode, Fault, Reader, Slot, Writer};
#[cfg(feature = "jiff")]
use crate::adapt::{Adapted, naive_utc};

macro_rules! tuples {
    ($(($($name:ident $at:tt),+))*) => {$(
        impl<$($name: Blank),+> Slot for ($($name,)+) {
            #[inline]
            fn fill(&mut self, from: &mut Reader<'_>) -> Result<(), Fault> {
                const COUNT: usize = [$(stringify!($at)),+].len();
                let mut position = 0;
                from.items(&mut |from| {
                    let filled = match position {
                        $($at => self.$at.fill(from),)+
                        _ => Err(from.fault(format!("a list of more than {COUNT} items, expected {COUNT}"))),
                    };
                    position += 1;
                    filled
                })?;
                match position {
                    COUNT => Ok(()),
                    fewer => Err(from.fault(format!("a list of {fewer} items, expected {COUNT}"))),
                }
            }
        }

        impl<$($name: Blank),+> Blank for ($($name,)+) {
            #[inline]
            fn blank() -> Self {
                ($($name::blank(),)+)
            }
        }

        #[cfg(feature = "jiff")]
        impl<$($name: Blank + Encode),+> Adapted<naive_utc::Adapter> for ($($name,)+) {
            #[inline]
            fn read(from: &mut Reader<'_>) -> Result<Self, Fault> {
                let mut items = Self::blank();
                from.with_naive_times(&mut |from| items.fill(from))?;
                Ok(items)
            }

            #[inline]
            fn write(&self, to: &mut Writer) {
                Encode::write(self, to);
            }
        }

        impl<$($name: Encode),+> Encode for ($($name,)+) {
            #[inline]
            fn write(&self, to: &mut Writer) {
                let items: [&dyn Encode; [$(stringify!($at)),+].len()] = [$(&self.$at),+];
                to.list(items.len(), &mut |at, to| items[at].write(to));
            }
        }
    )*};
}

tuples! {
    (A 0)
    (A 0, B 1)
    (A 0, B 1, C 2)
    (A 0, B 1, C 2, D 3)
    (A 0, B 1, C 2, D 3, E 4)
    (A 0, B 1, C 2, D 3, E 4, F 5)
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6)
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7)
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8)
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9)
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9, K 10)
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9, K 10, L 11)
}
