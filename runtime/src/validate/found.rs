//! What was found so far, and where in the value is the walk?

use serde::Serialize;

use super::{Rule, Validate, Violation, Violations};

/// The violations found so far, and the place that is being looked at.
#[derive(Debug, Default)]
pub struct Found {
    path: String,
    violations: Vec<Violation>,
}

impl Found {
    /// Holds a field against what is said of it, and its parts against what their types say.
    pub fn field<T: Validate + ?Sized>(&mut self, name: &str, value: &T, rules: &'static [Rule]) {
        self.inside(name, |found| found.whole(value, rules));
    }

    /// The same for a value that stands in the place of the whole, as an alternative does.
    pub fn whole<T: Validate + ?Sized>(&mut self, value: &T, rules: &'static [Rule]) {
        value.holds(rules, self);
        value.parts(self);
    }

    /// Holds a value against rules by the form in which it is written.
    pub fn written<T: Serialize + ?Sized>(&mut self, value: &T, rules: &'static [Rule]) {
        // What cannot be written cannot be sent, and is told then.
        if let (false, Ok(value)) = (rules.is_empty(), serde_json::to_value(value)) {
            value.holds(rules, self);
        }
    }

    pub(super) fn inside(&mut self, key: &str, look: impl FnOnce(&mut Self)) {
        let length = self.path.len();
        self.path.push('/');
        for character in key.chars() {
            match character {
                '~' => self.path.push_str("~0"),
                '/' => self.path.push_str("~1"),
                other => self.path.push(other),
            }
        }
        look(self);
        self.path.truncate(length);
    }

    pub(super) fn tell(&mut self, keyword: &'static str, message: String) {
        self.violations.push(Violation { path: self.path.clone(), keyword, message });
    }

    pub(super) fn finish(self) -> Result<(), Violations> {
        if self.violations.is_empty() { Ok(()) } else { Err(Violations(self.violations)) }
    }
}
