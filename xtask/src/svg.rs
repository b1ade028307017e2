//! How do numbers become a picture that a page can show?

use std::fmt::Write as _;

/// A group of bars: what they are about, and a bar for each series that has a number.
pub(crate) struct Group {
    pub(crate) label: String,
    pub(crate) values: Vec<Option<f64>>,
}

const RIGHT: f64 = 90.0;
const WIDTH: f64 = 760.0;
const BAR: f64 = 14.0;
const COLOURS: [&str; 7] = ["#c2410c", "#64748b", "#94a3b8", "#cbd5e1", "#a8a29e", "#d6d3d1", "#78716c"];

/// Horizontal bars, longest to the right edge; shorter is better in everything that is measured here.
pub(crate) fn bars(title: &str, unit: &str, series: &[String], groups: &[Group]) -> String {
    let most =
        groups.iter().flat_map(|group| group.values.iter().flatten()).fold(0.0_f64, |most, value| most.max(*value));
    let longest = groups.iter().map(|group| group.label.chars().count()).max().unwrap_or_default();
    let left = 20.0 + 6.6 * f64::from(u32::try_from(longest).unwrap_or(u32::MAX));
    let mut body = String::new();
    let mut y = 56.0;
    for group in groups {
        let shown: Vec<_> = group.values.iter().enumerate().filter_map(|(at, value)| Some((at, (*value)?))).collect();
        let height = BAR * f64::from(u32::try_from(shown.len()).unwrap_or(u32::MAX));
        let _ = writeln!(
            body,
            r#"<text x="{:.0}" y="{:.1}" text-anchor="end">{}</text>"#,
            left - 8.0,
            y + height / 2.0 + 4.0,
            escaped(&group.label)
        );
        for (at, value) in shown {
            let width = if most > 0.0 { value / most * (WIDTH - left - RIGHT) } else { 0.0 };
            let colour = COLOURS[at % COLOURS.len()];
            let _ = writeln!(
                body,
                r#"<rect x="{left:.0}" y="{y:.1}" width="{:.1}" height="{:.1}" fill="{colour}"/><text x="{:.1}" y="{:.1}">{} {unit}</text>"#,
                width.max(1.0),
                BAR - 2.0,
                left + width + 6.0,
                y + BAR - 4.0,
                number(value)
            );
            y += BAR;
        }
        y += 12.0;
    }
    let mut legend = String::new();
    let mut x = left;
    for (at, name) in series.iter().enumerate() {
        let _ = writeln!(
            legend,
            r#"<rect x="{x:.0}" y="34" width="10" height="10" fill="{}"/><text x="{:.0}" y="43">{}</text>"#,
            COLOURS[at % COLOURS.len()],
            x + 14.0,
            escaped(name)
        );
        x += 26.0 + 6.2 * f64::from(u32::try_from(name.len()).unwrap_or(u32::MAX));
    }
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {y:.0}\" font-family=\"sans-serif\" font-size=\"12\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n\
         <text x=\"{left:.0}\" y=\"20\" font-size=\"14\" font-weight=\"bold\">{}</text>\n{legend}{body}</svg>\n",
        escaped(title)
    )
}

/// A number with as many places as are worth reading.
pub(crate) fn number(value: f64) -> String {
    match value {
        value if value >= 100.0 => format!("{value:.0}"),
        value if value >= 10.0 => format!("{value:.1}"),
        value => format!("{value:.2}"),
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_has_a_bar_and_every_text_is_escaped() {
        let groups = [
            Group { label: "a < b".to_owned(), values: vec![Some(1.0), Some(4.0)] },
            Group { label: "c".to_owned(), values: vec![Some(2.0), None] },
        ];
        let svg = bars("CPU & time", "s", &["ours".to_owned(), "theirs".to_owned()], &groups);
        assert_eq!(svg.matches(r##"fill="#c2410c""##).count(), 3, "two bars and the legend");
        assert!(svg.contains("a &lt; b") && svg.contains("CPU &amp; time") && svg.contains("4.00 s"));
    }
}
