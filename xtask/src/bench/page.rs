//! Where do results go that others are to read?

use std::fs;
use std::io;

use crate::svg::{self, Group};

/// A table of a benchmark: its columns, and a row for each document and tool.
pub(super) struct Table {
    pub(super) columns: Vec<&'static str>,
    /// How many of the first cells say what a row is about.
    pub(super) keys: usize,
    pub(super) rows: Vec<Vec<String>>,
}

impl Table {
    /// Takes over the rows of an earlier run, but for those that were measured again: a benchmark that takes hours is run in parts.
    fn beside(&mut self, earlier: &str) {
        let mut lines = earlier.lines().filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |"));
        if lines.next() != Some(&self.columns.join(" | ")) {
            return;
        }
        let cells = |line: &str| line.split(" | ").map(|cell| cell.trim().to_owned()).collect::<Vec<_>>();
        let mut rows: Vec<Vec<String>> = lines.skip(1).map(cells).collect();
        for row in std::mem::take(&mut self.rows) {
            let about = |known: &Vec<String>, keys: usize| known.iter().take(keys).eq(row.iter().take(keys));
            if let Some(at) = rows.iter().position(|known| about(known, self.keys)) {
                rows[at] = row;
            } else {
                // With what else there is about its first.
                let at = rows.iter().rposition(|known| about(known, 1)).map_or(rows.len(), |last| last + 1);
                rows.insert(at, row);
            }
        }
        self.rows = rows;
    }

    /// The table as Markdown.
    fn markdown(&self) -> String {
        let line = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
        let mut text = line(self.columns.iter().map(ToString::to_string).collect());
        text.push_str(&line(self.columns.iter().map(|_| "---".to_owned()).collect()));
        for row in &self.rows {
            text.push_str(&line(row.clone()));
        }
        text
    }
}

/// A picture of a benchmark.
pub(super) struct Picture {
    pub(super) title: &'static str,
    pub(super) unit: &'static str,
    pub(super) series: Vec<String>,
    pub(super) groups: Vec<Group>,
}

/// Shows a benchmark's results; with `record`, puts them in their place in `generator/BENCHMARKS.md`, beside those of other runs,
/// with a picture of all.
pub(super) fn show(
    name: &str,
    mut table: Table,
    picture: impl Fn(&[Vec<String>]) -> Picture,
    record: bool,
) -> io::Result<()> {
    println!("{}", table.markdown());
    if !record {
        return Ok(());
    }
    let generator = super::root().join("generator");
    let page = generator.join("BENCHMARKS.md");
    let text = fs::read_to_string(&page)?;
    let (begin, end) = (format!("<!-- {name} -->\n"), format!("<!-- /{name} -->"));
    let (Some(from), Some(to)) = (text.find(&begin).map(|at| at + begin.len()), text.find(&end)) else {
        return Err(io::Error::other(format!("{} has no place for `{name}`", page.display())));
    };
    table.beside(&text[from..to]);
    fs::create_dir_all(generator.join("benchmarks"))?;
    let Picture { title, unit, series, groups } = picture(&table.rows);
    fs::write(generator.join("benchmarks").join(format!("{name}.svg")), svg::bars(title, unit, &series, &groups))?;
    let image = format!("![{title}](benchmarks/{name}.svg)\n");
    fs::write(&page, format!("{}{}\n{image}{}", &text[..from], table.markdown(), &text[to..]))
}

/// Bars of the CPU seconds in these cells, a group for each label and a bar for each series: what a row is of is asked of it.
pub(super) fn bars(
    rows: &[Vec<String>],
    of: impl Fn(&[String]) -> Option<(String, String)>,
) -> (Vec<String>, Vec<Group>) {
    let (mut series, mut groups): (Vec<String>, Vec<Group>) = (Vec::new(), Vec::new());
    for row in rows {
        let Some((label, tool)) = of(row) else { continue };
        let at = series.iter().position(|known| *known == tool).unwrap_or_else(|| {
            series.push(tool);
            series.len() - 1
        });
        if groups.iter().all(|group| group.label != label) {
            groups.push(Group { label: label.clone(), values: Vec::new() });
        }
        if let Some(group) = groups.iter_mut().find(|group| group.label == label) {
            group.values.resize(group.values.len().max(at + 1), None);
            group.values[at] = row.get(2).and_then(|cell| cell.parse().ok());
        }
    }
    (series, groups)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(cells: &[&str]) -> Vec<String> {
        cells.iter().map(|&cell| cell.to_owned()).collect()
    }

    #[test]
    fn what_is_measured_again_is_replaced_and_the_rest_kept() {
        let mut table = Table {
            columns: vec!["crate", "step", "CPU s"],
            keys: 2,
            rows: vec![row(&["a", "check", "1"]), row(&["a", "build", "2"]), row(&["c", "check", "3"])],
        };
        let earlier =
            "| crate | step | CPU s |\n| --- | --- | --- |\n| a | check | 9 |\n| b | check | 8 |\n\n![](x.svg)\n";
        table.beside(earlier);
        let kept = [["a", "check", "1"], ["a", "build", "2"], ["b", "check", "8"], ["c", "check", "3"]];
        assert_eq!(table.rows, kept.map(|cells| row(&cells)));
        table.beside("| other | columns |\n| --- | --- |\n| a | check |\n");
        assert_eq!(table.rows.len(), 4, "a table of another kind is no earlier one");
    }

    #[test]
    fn a_row_is_a_bar_of_its_tool() {
        let rows = [row(&["a", "x", "1.5"]), row(&["a", "y", "fails"]), row(&["b", "y", "2"]), row(&["b", "no", "2"])];
        let of = |row: &[String]| (row[1] != "no").then(|| (row[0].clone(), row[1].clone()));
        let (series, groups) = bars(&rows, of);
        assert_eq!(series, ["x", "y"]);
        let values: Vec<_> = groups.iter().map(|group| (group.label.as_str(), group.values.clone())).collect();
        assert_eq!(values, [("a", vec![Some(1.5), None]), ("b", vec![None, Some(2.0)])]);
    }
}
