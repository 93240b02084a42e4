//! The node among the nodes: `nodes` (pure) decides, `node` carries out.

mod node;
mod nodes;

pub(crate) use self::{
    node::{Fleet, read},
    nodes::NodeEffect,
};
