//! What does a service hold?

use std::collections::BTreeMap;

use bytes::Bytes;
use serde_json::{Map, Value, json};

use crate::answer::Answer;

/// The state of one service: tables of JSON rows by id, files, and a clock that ticks once for each look at it.
#[derive(Debug, Default)]
pub(crate) struct Store {
    tables: BTreeMap<&'static str, BTreeMap<i64, Value>>,
    last: BTreeMap<&'static str, i64>,
    /// The contents of files, by their id.
    pub(crate) files: BTreeMap<i64, Bytes>,
    /// The answers to requests that bore an idempotency key.
    pub(crate) answered: BTreeMap<String, Answer>,
    ticks: u32,
}

impl Store {
    /// Adds a row and gives it the next id of its table.
    pub(crate) fn add(&mut self, table: &'static str, mut row: Value) -> Value {
        let last = self.last.entry(table).or_default();
        *last += 1;
        row["id"] = json!(*last);
        self.tables.entry(table).or_default().insert(*last, row.clone());
        row
    }

    /// A row.
    pub(crate) fn get(&self, table: &str, id: i64) -> Option<&Value> {
        self.tables.get(table)?.get(&id)
    }

    /// A row, or 404.
    pub(crate) fn find(&self, table: &str, id: i64, what: &str) -> Result<Value, Answer> {
        self.get(table, id).cloned().ok_or_else(|| Answer::not_found(what))
    }

    /// All rows, by id.
    pub(crate) fn rows(&self, table: &str) -> Vec<Value> {
        self.tables.get(table).map(|rows| rows.values().cloned().collect()).unwrap_or_default()
    }

    /// The rows whose field is this.
    pub(crate) fn rows_where(&self, table: &str, field: &str, value: &Value) -> Vec<Value> {
        self.rows(table).into_iter().filter(|row| row[field] == *value).collect()
    }

    /// Lays fields over a row, and answers it as it then is.
    pub(crate) fn change(&mut self, table: &str, id: i64, fields: &Map<String, Value>) -> Value {
        let Some(row) = self.tables.get_mut(table).and_then(|rows| rows.get_mut(&id)) else { return Value::Null };
        for (name, value) in fields {
            row[name] = value.clone();
        }
        row.clone()
    }

    /// Removes a row; tells whether there was one.
    pub(crate) fn remove(&mut self, table: &str, id: i64) -> bool {
        self.tables.get_mut(table).is_some_and(|rows| rows.remove(&id).is_some())
    }

    fn tick(&mut self) -> u32 {
        self.ticks += 1;
        self.ticks
    }

    /// The time as user and project write it: whole seconds, no offset.
    pub(crate) fn seconds(&mut self) -> String {
        let tick = self.tick();
        format!("2026-11-23T{:02}:{:02}:{:02}", 8 + tick / 3600 % 12, tick / 60 % 60, tick % 60)
    }

    /// The time as knowledge and design write it: microseconds, no offset.
    pub(crate) fn micros(&mut self) -> String {
        format!("{}.250115", self.seconds())
    }

    /// The time with its offset.
    pub(crate) fn exact(&mut self) -> String {
        format!("{}+00:00", self.micros())
    }
}

/// The fields of `wanted` that an object has.
pub(crate) fn pick(object: &Map<String, Value>, wanted: &[&str]) -> Map<String, Value> {
    wanted.iter().filter_map(|name| Some(((*name).to_owned(), object.get(*name)?.clone()))).collect()
}

/// The part of a list that `skip` and `limit` ask for.
pub(crate) fn page(rows: Vec<Value>, skip: i64, limit: i64) -> Vec<Value> {
    let bound = |value: i64| usize::try_from(value).unwrap_or(0);
    rows.into_iter().skip(bound(skip)).take(bound(limit)).collect()
}
