//! Does a name fit a pattern in which `*` stands for anything?

/// Whether a name fits, where `*` stands for any number of characters and `?` for one.
pub(super) fn fits(pattern: &str, name: &str) -> bool {
    walk(&parts(pattern, false), name)
}

/// Whether a path fits, where `*` stands for what is within one segment, and `**` for any number of segments.
///
/// A `/**` at the end stands for nothing, too: `/users/**` is everything at and below `/users`.
pub(super) fn fits_path(pattern: &str, path: &str) -> bool {
    let whole = walk(&parts(pattern, true), path);
    whole || pattern.strip_suffix("/**").is_some_and(|above| walk(&parts(above, true), path))
}

enum Part {
    Exactly(char),
    /// Any one character, which in a path is no `/`.
    One(bool),
    /// Any number of characters, which within a segment are no `/`.
    Many(bool),
}

fn parts(pattern: &str, segments: bool) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut characters = pattern.chars().peekable();
    while let Some(character) = characters.next() {
        parts.push(match character {
            '?' => Part::One(segments),
            '*' => {
                let mut stars = 1;
                while characters.next_if_eq(&'*').is_some() {
                    stars += 1;
                }
                Part::Many(segments && stars == 1)
            }
            other => Part::Exactly(other),
        });
    }
    parts
}

/// For each part, which beginnings of the name fit what stands up to it: as many steps as both are long, whatever the stars.
fn walk(parts: &[Part], name: &str) -> bool {
    let name: Vec<char> = name.chars().collect();
    let mut reached = vec![false; name.len() + 1];
    reached[0] = true;
    for part in parts {
        let mut next = vec![false; name.len() + 1];
        for at in 0..=name.len() {
            next[at] = match part {
                Part::Many(segment) => reached[at] || (at > 0 && next[at - 1] && !(*segment && name[at - 1] == '/')),
                Part::One(segment) => at > 0 && reached[at - 1] && !(*segment && name[at - 1] == '/'),
                Part::Exactly(wanted) => at > 0 && reached[at - 1] && name[at - 1] == *wanted,
            };
        }
        reached = next;
    }
    reached[name.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_is_anything() {
        for (pattern, name) in [
            ("list_*", "list_users"),
            ("*", ""),
            ("*_*", "a_b"),
            ("get_?", "get_ü"),
            ("a*b*c", "a-b-b-c"),
            ("[x]", "[x]"),
        ] {
            assert!(fits(pattern, name), "{pattern} {name}");
        }
        for (pattern, name) in [("list_*", "List_users"), ("", "a"), ("a?", "a"), ("a*b", "a*bc")] {
            assert!(!fits(pattern, name), "{pattern} {name}");
        }
        assert!(!fits(&"*a".repeat(2_000), &"a".repeat(1_000)), "many stars cost no more than few");
    }

    #[test]
    fn in_a_path_a_star_is_within_a_segment() {
        for (pattern, path) in [
            ("/users/*", "/users/{id}"),
            ("/users/{id}", "/users/{id}"),
            ("/users/**", "/users"),
            ("/users/**", "/users/{id}/roles"),
            ("/**/roles", "/users/{id}/roles"),
            ("**", "/"),
        ] {
            assert!(fits_path(pattern, path), "{pattern} {path}");
        }
        for (pattern, path) in
            [("/users/*", "/users/{id}/roles"), ("/users*", "/users/x"), ("/users/**", "/usersettings"), ("/?", "//")]
        {
            assert!(!fits_path(pattern, path), "{pattern} {path}");
        }
    }
}
