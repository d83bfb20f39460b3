//! What a check found.

use serde::Serialize;

/// How a check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Verdict {
    /// All is well.
    Ok,
    /// Somebody should look at it.
    Warn,
    /// The store does not do what it promises, or is about to stop.
    Fail,
}

/// One line of the table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Which check.
    pub check: String,
    /// How it ended.
    pub verdict: Verdict,
    /// What was seen, and what to do.
    pub message: String,
}

impl Finding {
    pub fn ok(check: impl Into<String>, message: impl Into<String>) -> Self {
        Self { check: check.into(), verdict: Verdict::Ok, message: message.into() }
    }

    pub fn warn(check: impl Into<String>, message: impl Into<String>) -> Self {
        Self { verdict: Verdict::Warn, ..Self::ok(check, message) }
    }

    pub fn fail(check: impl Into<String>, message: impl Into<String>) -> Self {
        Self { verdict: Verdict::Fail, ..Self::ok(check, message) }
    }
}

/// The findings for people.
pub fn table(findings: &[Finding]) -> String {
    let width = findings.iter().map(|it| it.check.chars().count()).max().unwrap_or_default();
    let line = |it: &Finding| {
        let verdict = match it.verdict {
            Verdict::Ok => "OK  ",
            Verdict::Warn => "WARN",
            Verdict::Fail => "FAIL",
        };
        format!("{verdict}  {:width$}  {}\n", it.check, it.message)
    };
    findings.iter().map(line).collect()
}
