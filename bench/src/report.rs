//! The table.

use std::fmt::Write as _;

use anyhow::Result;
use serde::Serialize;
use serde_json::json;

use crate::database::Kind;
use crate::machine::Machine;
use crate::stats;

/// Everything that was measured.
pub(crate) struct Report {
    pub(crate) machine: Machine,
    pub(crate) rows: Vec<Row>,
    /// Whether the run is on a tiny scale, where no goal is judged.
    pub(crate) smoke: bool,
}

/// One line of the table.
#[derive(Debug, Serialize)]
pub(crate) struct Row {
    what: String,
    on: Option<Kind>,
    unit: Unit,
    samples: Vec<f64>,
    goal: Option<Goal>,
    note: String,
    failed: bool,
}

/// The unit of a figure.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Unit {
    PerSecond,
    Times,
    Millis,
    Percent,
    Megabytes,
    Count,
}

/// The goal for a median.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Goal {
    AtLeast(f64),
    AtMost(f64),
    Below(f64),
}

impl Row {
    pub(crate) fn new(what: impl Into<String>, unit: Unit, samples: Vec<f64>) -> Self {
        Self {
            what: what.into(),
            on: None,
            unit,
            samples,
            goal: None,
            note: String::new(),
            failed: false,
        }
    }

    /// The line of a scenario that could not be measured.
    pub(crate) fn failed(what: impl Into<String>, error: &anyhow::Error) -> Self {
        // A line break or a bar would end the cell of the table.
        let note = format!("FAILED: {error:#}").replace(['\n', '|'], " ");
        Self {
            failed: true,
            ..Self::new(what, Unit::Count, Vec::new()).note(note)
        }
    }

    pub(crate) fn on(self, kind: Kind) -> Self {
        Self { on: Some(kind), ..self }
    }

    pub(crate) fn goal(self, goal: Goal) -> Self {
        Self {
            goal: Some(goal),
            ..self
        }
    }

    pub(crate) fn note(self, note: impl Into<String>) -> Self {
        Self {
            note: note.into(),
            ..self
        }
    }

    fn median(&self) -> f64 {
        stats::median(&self.samples).unwrap_or(f64::NAN)
    }

    fn spread(&self) -> String {
        let least = self.samples.iter().copied().fold(f64::INFINITY, f64::min);
        let most = self.samples.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        if self.samples.len() < 2 {
            "–".to_owned()
        } else {
            format!("{} – {}", self.unit.number(least), self.unit.number(most))
        }
    }

    fn met(&self) -> Option<bool> {
        self.goal.map(|goal| goal.is_met(self.median()))
    }
}

impl Unit {
    fn number(self, value: f64) -> String {
        match self {
            Self::PerSecond if value >= 1_000.0 => thousands(value),
            Self::PerSecond | Self::Percent | Self::Megabytes => format!("{value:.1}"),
            Self::Times | Self::Millis => format!("{value:.2}"),
            Self::Count => format!("{value:.0}"),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::PerSecond => "/s",
            Self::Times => " ×",
            Self::Millis => " ms",
            Self::Percent => " %",
            Self::Megabytes => " MB",
            Self::Count => "",
        }
    }
}

impl Goal {
    /// A figure that was not measured (not a number) meets no goal.
    fn is_met(self, value: f64) -> bool {
        match self {
            Self::AtLeast(goal) => value >= goal,
            Self::AtMost(goal) => value <= goal,
            Self::Below(goal) => value < goal,
        }
    }

    fn words(self, unit: Unit) -> String {
        let (sign, goal) = match self {
            Self::AtLeast(goal) => ("≥", goal),
            Self::AtMost(goal) => ("≤", goal),
            Self::Below(goal) => ("<", goal),
        };
        format!("{sign} {goal}{}", unit.name())
    }
}

impl Report {
    /// Whether every figure could be measured, whether or not it meets its goal.
    pub(crate) fn is_complete(&self) -> bool {
        !self.rows.iter().any(|row| row.failed)
    }

    pub(crate) fn markdown(&self) -> String {
        let machine = &self.machine;
        let mut text = format!(
            "Measured {} on {} cores of {}, Linux {}; {}; passwords by {}; load before: {}.\n",
            machine.date,
            machine.cores,
            machine.processor,
            machine.kernel,
            machine.databases.join("; "),
            machine.hash_engine,
            machine.load_before,
        );
        if machine.memory_disk {
            text.push_str(
                "**The work directory is in memory: commits cost nothing here, and their figures mean nothing.**\n",
            );
        }
        if self.smoke {
            text.push_str(
                "**A smoke run: it proves that the driver works. The figures mean nothing, and none is judged.**\n",
            );
        }
        text.push_str("\n| what | on | median | spread | goal | met | note |\n|---|---|--:|--:|--:|---|---|\n");
        for row in &self.rows {
            let met = match row.met() {
                Some(true) if !self.smoke => "yes",
                Some(false) if !self.smoke => "**no**",
                _ => "",
            };
            let _ = writeln!(
                text,
                "| {} | {} | {}{} | {} | {} | {met} | {} |",
                row.what,
                row.on.map(|kind| kind.to_string()).unwrap_or_default(),
                row.unit.number(row.median()),
                row.unit.name(),
                row.spread(),
                row.goal.map(|goal| goal.words(row.unit)).unwrap_or_default(),
                row.note,
            );
        }
        text
    }

    pub(crate) fn json(&self) -> Result<String> {
        let row = |row: &Row| {
            let mut value = serde_json::to_value(row)?;
            value["median"] = json!(row.median());
            value["met"] = if self.smoke { json!(null) } else { json!(row.met()) };
            anyhow::Ok(value)
        };
        let rows = self.rows.iter().map(row).collect::<Result<Vec<_>>>()?;
        let mut text =
            serde_json::to_string_pretty(&json!({ "machine": self.machine, "smoke": self.smoke, "rows": rows }))?;
        text.push('\n');
        Ok(text)
    }
}

/// Digits in groups of three.
fn thousands(value: f64) -> String {
    let digits = format!("{value:.0}");
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_written_for_people() {
        assert_eq!(Unit::PerSecond.number(12_345.6), "12,346");
        assert_eq!(Unit::PerSecond.number(1_234_567.0), "1,234,567");
        assert_eq!(Unit::PerSecond.number(287.64), "287.6");
        assert_eq!(Goal::AtLeast(0.95).words(Unit::Times), "≥ 0.95 ×");
    }

    #[test]
    fn what_was_not_measured_meets_no_goal() {
        for goal in [Goal::AtLeast(0.0), Goal::AtMost(1.0), Goal::Below(1.0)] {
            assert_eq!(Row::new("x", Unit::Times, Vec::new()).goal(goal).met(), Some(false));
        }
        assert_eq!(
            Row::new("x", Unit::Times, vec![1.0]).goal(Goal::Below(1.0)).met(),
            Some(false)
        );
        assert_eq!(
            Row::new("x", Unit::Times, vec![1.0]).goal(Goal::AtMost(1.0)).met(),
            Some(true)
        );
    }
}
