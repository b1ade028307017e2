//! Where do results go that others are to read?

use std::fs;
use std::io;

use crate::svg::{self, Group};

/// A table of a benchmark: its columns, and a row for each document and tool.
pub(super) struct Table {
    pub(super) columns: Vec<&'static str>,
    pub(super) rows: Vec<Vec<String>>,
}

impl Table {
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

/// Shows a benchmark's results; with `record`, puts them in its place in `generator/BENCHMARKS.md`.
pub(super) fn show(name: &str, table: &Table, picture: &Picture, record: bool) -> io::Result<()> {
    let table = table.markdown();
    println!("{table}");
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
    fs::create_dir_all(generator.join("benchmarks"))?;
    let svg = svg::bars(picture.title, picture.unit, &picture.series, &picture.groups);
    fs::write(generator.join("benchmarks").join(format!("{name}.svg")), svg)?;
    let image = format!("![{}](benchmarks/{name}.svg)\n", picture.title);
    fs::write(&page, format!("{}{table}\n{image}{}", &text[..from], &text[to..]))
}
