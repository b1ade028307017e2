//! Which mentions must be boxed, so that every type has a size?

use crate::ir::{Shape, TypeId, Types, Use};

/// For each type, the number of the knot it belongs to: types of one knot contain each other without a list, map or box between.
///
/// A mention within one knot is boxed. That is more than the fewest boxes, yet it depends on nothing but the types themselves.
pub(super) struct Knots {
    component: Vec<usize>,
    recursive: Vec<bool>,
}

impl Knots {
    /// Finds the strongly connected components (Tarjan 1972), without recursion since documents may nest deeply.
    pub(super) fn find(types: &Types) -> Self {
        let mut finder = Finder {
            types,
            order: vec![usize::MAX; types.len()],
            low: vec![0; types.len()],
            on_stack: vec![false; types.len()],
            stack: Vec::new(),
            component: vec![usize::MAX; types.len()],
            counted: 0,
            next: 0,
        };
        for (id, _) in types.iter() {
            if finder.order[id.index()] == usize::MAX {
                finder.visit(id);
            }
        }
        let mut size = vec![0usize; finder.counted];
        for &component in &finder.component {
            size[component] += 1;
        }
        let recursive = types
            .iter()
            .map(|(id, _)| size[finder.component[id.index()]] > 1 || inlined(types, id).contains(&id))
            .collect();
        Self { component: finder.component, recursive }
    }

    /// Whether a mention of `to` within `from` must be boxed.
    pub(super) fn boxes(&self, types: &Types, from: TypeId, to: Use) -> bool {
        let to = types.resolve(to).ty;
        self.recursive[from.index()] && self.component[from.index()] == self.component[to.index()]
    }
}

/// The types whose values lie within a value of this type.
fn inlined(types: &Types, id: TypeId) -> Vec<TypeId> {
    let uses = match &types.get(id).shape {
        Shape::Record(record) => record.fields.iter().map(|field| field.used).collect(),
        Shape::Union(union) => union.arms.iter().map(|arm| arm.used).collect(),
        Shape::Alias(used) => vec![*used],
        Shape::Tuple(items) => items.clone(),
        _ => Vec::new(),
    };
    uses.into_iter().map(|used| types.resolve(used).ty).collect()
}

struct Finder<'t> {
    types: &'t Types,
    order: Vec<usize>,
    low: Vec<usize>,
    on_stack: Vec<bool>,
    stack: Vec<TypeId>,
    component: Vec<usize>,
    counted: usize,
    next: usize,
}

impl Finder<'_> {
    fn visit(&mut self, root: TypeId) {
        let mut open = vec![(root, inlined(self.types, root), 0usize)];
        self.enter(root);
        while let Some((id, inner, at)) = open.last_mut() {
            let id = *id;
            if let Some(&next) = inner.get(*at) {
                *at += 1;
                if self.order[next.index()] == usize::MAX {
                    self.enter(next);
                    open.push((next, inlined(self.types, next), 0));
                } else if self.on_stack[next.index()] {
                    self.low[id.index()] = self.low[id.index()].min(self.order[next.index()]);
                }
                continue;
            }
            open.pop();
            if let Some((parent, ..)) = open.last() {
                self.low[parent.index()] = self.low[parent.index()].min(self.low[id.index()]);
            }
            if self.low[id.index()] == self.order[id.index()] {
                while let Some(member) = self.stack.pop() {
                    self.on_stack[member.index()] = false;
                    self.component[member.index()] = self.counted;
                    if member == id {
                        break;
                    }
                }
                self.counted += 1;
            }
        }
    }

    fn enter(&mut self, id: TypeId) {
        self.order[id.index()] = self.next;
        self.low[id.index()] = self.next;
        self.next += 1;
        self.on_stack[id.index()] = true;
        self.stack.push(id);
    }
}
