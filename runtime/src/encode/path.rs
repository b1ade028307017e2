//! How is a path filled in, so that a value can never leave its segment?

use super::parameter::ParameterValue;
use super::percent;

/// A path template being filled: `/users/{user_id}`.
pub(crate) struct PathBuilder {
    template: &'static str,
    values: Vec<(&'static str, String, bool)>,
}

/// A filled path, and how logs show it.
pub(crate) struct Path {
    pub(crate) path: String,
    pub(crate) shown: String,
}

impl PathBuilder {
    pub(crate) fn new(template: &'static str) -> Self {
        Self { template, values: Vec::new() }
    }

    /// Sets one value: `simple` style, so a list is joined with commas.
    pub(crate) fn set(&mut self, name: &'static str, value: ParameterValue) -> Result<(), String> {
        let complain = |reason: &str| format!("path parameter `{name}`: {reason}");
        let (texts, secret) = value
            .flatten()
            .map_err(|reason| complain(&reason))?
            .ok_or_else(|| complain("a path parameter cannot be left out"))?;
        let mut encoded = String::new();
        for (index, text) in texts.iter().enumerate() {
            if index > 0 {
                encoded.push(',');
            }
            percent(text, &mut encoded);
        }
        if encoded.is_empty() {
            return Err(complain("an empty value would change which route is called"));
        }
        self.values.push((name, encoded, secret));
        Ok(())
    }

    /// The whole path. Each segment that holds a value is checked once it is whole, for `.{format}` with the value
    /// `.` makes a `..` that neither part is.
    pub(crate) fn finish(&self) -> Result<Path, String> {
        let mut path = String::with_capacity(self.template.len() + 16);
        let mut shown = String::with_capacity(self.template.len() + 16);
        for (index, segment) in self.template.split('/').enumerate() {
            if index > 0 {
                path.push('/');
                shown.push('/');
            }
            let start = path.len();
            let mut filled = false;
            let mut rest = segment;
            while let Some(open) = rest.find('{') {
                let Some(close) = rest[open..].find('}').map(|at| open + at) else { break };
                let name = &rest[open + 1..close];
                let (_, value, secret) = self
                    .values
                    .iter()
                    .find(|(known, _, _)| *known == name)
                    .ok_or_else(|| format!("path parameter `{name}` was not given"))?;
                path.push_str(&rest[..open]);
                path.push_str(value);
                shown.push_str(&rest[..open]);
                shown.push_str(if *secret { "***" } else { value });
                filled = true;
                rest = &rest[close + 1..];
            }
            path.push_str(rest);
            shown.push_str(rest);
            if filled && matches!(&path[start..], "." | "..") {
                return Err(format!("the path segment `{segment}` became `.` or `..`, which would change the route"));
            }
        }
        Ok(Path { path, shown })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fill(template: &'static str, value: &str) -> Result<String, String> {
        let mut builder = PathBuilder::new(template);
        builder.set("id", ParameterValue::Text(value.to_owned()))?;
        builder.finish().map(|path| path.path)
    }

    #[test]
    fn values_stay_in_their_segment() {
        for (value, path) in [
            ("7", "/users/7/roles"),
            ("../users/1?x=1", "/users/..%2Fusers%2F1%3Fx%3D1/roles"),
            ("a b", "/users/a%20b/roles"),
            ("%2e%2e", "/users/%252e%252e/roles"),
            ("\\", "/users/%5C/roles"),
            ("x\r\n", "/users/x%0D%0A/roles"),
            ("...", "/users/.../roles"),
            ("é", "/users/%C3%A9/roles"),
            ("a;b=c", "/users/a%3Bb%3Dc/roles"),
        ] {
            assert_eq!(fill("/users/{id}/roles", value).as_deref(), Ok(path), "{value}");
        }
    }

    #[test]
    fn segments_that_change_the_route_are_refused() {
        for value in ["", ".", ".."] {
            assert!(fill("/users/{id}/roles", value).is_err(), "{value:?}");
        }
        assert!(fill("/files/.{id}", ".").is_err(), "two halves of a `..`");
        assert!(fill("/files/{id}.json", ".").is_ok());
        assert!(PathBuilder::new("/users/{id}").finish().is_err(), "a value that was never given");
    }

    #[test]
    fn lists_are_joined_with_commas() {
        let mut builder = PathBuilder::new("/users/{id}");
        let list = ["a,b", "c"].map(|text| ParameterValue::Text(text.to_owned()));
        builder.set("id", ParameterValue::List(list.into())).expect("a list of scalars");
        assert_eq!(builder.finish().expect("whole").path, "/users/a%2Cb,c");
    }
}
