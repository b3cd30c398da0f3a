//! The syntax of propositional S5.
//!
//! Invariant: a [`Formula`] is a list of distinct nodes, children before parents, in the order in which a left-to-right
//! post-order walk first completes them; its last node is the formula itself. So structural equality is equality of
//! lists, every traversal is a loop, and no input, however deep, can exhaust the stack.

mod arena;
mod error;
mod evaluate;
mod lexer;
mod parser;
mod print;
mod rename;
mod tree;
mod wire;
mod wrap;

pub use arena::{Builder, Connective, Formula, Modality, Node, NodeId};
pub use error::{Limit, ParseError};
pub use evaluate::Valuation;
pub use lexer::is_name;
pub use parser::{Limits, Syntax};
pub use rename::NameError;
pub use wire::write_number;
pub use wrap::Wrapped;
