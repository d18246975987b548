//! Where figures come from: each source is measured at once and gives one figure or more.

use std::collections::BTreeMap;

use anyhow::Result;
use clap::ValueEnum;

use super::build::{Program, Programs};
use super::callgrind::{self, Operations};
use super::figure::{Figure, Kind};
use super::memory::{self, Held};
use super::pairs::Traffic;
use super::system_calls;
use crate::interrupt::Interrupt;

/// What a counted program is told to do too much of, so that the gate can be seen to fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Plant {
    /// One more allocation for each operation
    Allocation,
    /// A hundred turns of a loop for each operation
    Work,
}

/// What is measured at once.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    /// Its figures' names begin so.
    pub(crate) name: &'static str,
    /// What the figures are for each of.
    pub(crate) thing: &'static str,
    pub(crate) method: Method,
}

/// How it is measured.
#[derive(Clone, Debug)]
pub(crate) enum Method {
    /// Instructions and allocations of a program that counts for itself.
    Counted {
        program: Program,
        /// The number of operations comes behind them.
        arguments: &'static [&'static str],
        operations: Operations,
        /// Whether only functions named `counted_` count, and the program can be told to do too
        /// much.
        marked: bool,
    },
    /// Resident bytes of the broker.
    Memory { broker: Program, held: Held },
    /// System calls of the broker.
    SystemCalls { broker: Program, traffic: Traffic },
}

impl Source {
    /// What it gives.
    pub(crate) fn figures(&self) -> Vec<Figure> {
        let kinds: &[Kind] = match self.method {
            Method::Counted { .. } => &[Kind::Instructions, Kind::Allocations],
            Method::Memory { .. } => &[Kind::Bytes],
            Method::SystemCalls { .. } => &[Kind::SystemCalls],
        };
        let figure = |kind: &Kind| Figure::new(self.name, *kind, self.thing);
        kinds.iter().map(figure).collect()
    }

    /// What must be built for it.
    pub(crate) const fn program(&self) -> Program {
        match self.method {
            Method::Counted { program, .. } => program,
            Method::Memory { broker, .. } | Method::SystemCalls { broker, .. } => broker,
        }
    }

    /// Values by the names of their figures.
    ///
    /// # Errors
    ///
    /// If something cannot be measured; says what.
    pub(crate) fn measure(
        &self,
        programs: &Programs,
        plant: Option<Plant>,
        interrupt: &Interrupt,
    ) -> Result<BTreeMap<String, f64>> {
        let path = programs.path(self.program())?;
        let values = match &self.method {
            Method::Counted {
                arguments,
                operations,
                marked,
                ..
            } => {
                let planted = match plant.filter(|_| *marked) {
                    Some(Plant::Allocation) => &["--plant", "1"][..],
                    Some(Plant::Work) => &["--plant", "2"],
                    None => &[],
                };
                let arguments = [planted, arguments].concat();
                let inside = marked.then_some(callgrind::COUNTED);
                let costs = callgrind::measure(path, &arguments, *operations, inside, interrupt)?;
                vec![
                    (Kind::Instructions, costs.instructions),
                    (Kind::Allocations, costs.allocations),
                ]
            }
            Method::Memory { held, .. } => {
                vec![(Kind::Bytes, memory::measure(path, *held, interrupt)?)]
            }
            Method::SystemCalls { traffic, .. } => {
                let calls = system_calls::measure(path, *traffic, interrupt)?;
                vec![(Kind::SystemCalls, calls)]
            }
        };
        let named = |(kind, value)| (Figure::new(self.name, kind, self.thing).name, value);
        Ok(values.into_iter().map(named).collect())
    }
}
