//! What Skein is to reach, next to another broker of the same run.

use serde::{Deserialize, Serialize};

use super::figure::Figure;

/// A bound for one of Skein's figures.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Goal {
    pub(crate) figure: Figure,
    /// The broker whose figure is the unit; none: the figure itself is bound.
    pub(crate) to: Option<String>,
    pub(crate) at_least: Option<f64>,
    pub(crate) at_most: Option<f64>,
}

impl Goal {
    /// Whether a figure, or its ratio to the other broker's, is within the bound.
    pub(crate) fn is_reached_by(&self, value: f64) -> bool {
        self.at_least.is_none_or(|bound| value >= bound)
            && self.at_most.is_none_or(|bound| value <= bound)
    }

    /// The bound in words.
    pub(crate) fn text(&self) -> String {
        let unit = |bound: f64| match &self.to {
            Some(to) => format!("{bound} times {to}"),
            None => self.figure.unit().format(bound),
        };
        let least = self
            .at_least
            .map(|bound| format!("at least {}", unit(bound)));
        let most = self.at_most.map(|bound| format!("at most {}", unit(bound)));
        let both = [least, most].into_iter().flatten();
        both.collect::<Vec<_>>().join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_hold_on_their_edge_and_say_what_they_are() {
        let goal = Goal {
            figure: Figure::CpuPerDelivery,
            to: Some("mosquitto".to_owned()),
            at_least: None,
            at_most: Some(0.6),
        };
        assert!(goal.is_reached_by(0.6) && !goal.is_reached_by(0.61));
        assert_eq!(goal.text(), "at most 0.6 times mosquitto");
        let goal = Goal {
            figure: Figure::BytesPerConnection,
            to: None,
            at_least: None,
            at_most: Some(600.0),
        };
        assert_eq!(goal.text(), "at most 600 B");
    }
}
