//! The arena: hash-consed nodes, children before parents.

use std::collections::HashMap;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// The index of a node in its formula's arena.
pub type NodeId = u32;

/// A binary connective.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Connective {
    /// Conjunction.
    And,
    /// Disjunction.
    Or,
    /// Implication.
    Imp,
    /// Equivalence.
    Iff,
}

/// A modal operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Modality {
    /// Necessity.
    Box,
    /// Possibility.
    Dia,
}

/// One distinct subformula; its children are named by their index in the same arena.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Node {
    /// An atom, by its index among the formula's atoms.
    Atom(u32),
    /// Falsehood.
    Bot,
    /// Truth.
    Top,
    /// Negation.
    Not(NodeId),
    /// A binary connective and its two arguments.
    Binary(Connective, NodeId, NodeId),
    /// A modal operator and its argument.
    Modal(Modality, NodeId),
}

impl Node {
    /// The node's children, left to right.
    #[must_use]
    pub fn children(self) -> [Option<NodeId>; 2] {
        match self {
            Self::Atom(_) | Self::Bot | Self::Top => [None, None],
            Self::Not(a) | Self::Modal(_, a) => [Some(a), None],
            Self::Binary(_, a, b) => [Some(a), Some(b)],
        }
    }

    pub(crate) fn with_children(self, mut image: impl FnMut(NodeId) -> NodeId) -> Self {
        match self {
            Self::Atom(_) | Self::Bot | Self::Top => self,
            Self::Not(a) => Self::Not(image(a)),
            Self::Modal(op, a) => Self::Modal(op, image(a)),
            Self::Binary(op, a, b) => {
                let a = image(a);
                Self::Binary(op, a, image(b))
            }
        }
    }
}

/// How large the formula under a node is.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Measure {
    /// Nodes of the tree; shared subformulas count each time.
    pub(crate) tree: u64,
    pub(crate) depth: u32,
    pub(crate) modal_depth: u32,
}

impl Measure {
    pub(crate) fn of(node: Node, children: impl Fn(NodeId) -> Self) -> Self {
        let mut sum = Self { tree: 1, depth: 0, modal_depth: 0 };
        for child in node.children().into_iter().flatten().map(children) {
            sum.tree = sum.tree.saturating_add(child.tree);
            sum.depth = sum.depth.max(child.depth + 1);
            sum.modal_depth = sum.modal_depth.max(child.modal_depth);
        }
        sum.modal_depth += u32::from(matches!(node, Node::Modal(..)));
        sum
    }
}

#[derive(Debug)]
struct Arena {
    atoms: Vec<Box<str>>,
    nodes: Vec<Node>,
    root: Measure,
}

/// An immutable formula; cheap to clone.
#[derive(Clone, Debug)]
pub struct Formula(Arc<Arena>);

impl Formula {
    /// The distinct subformulas, children before parents; the last one is the formula itself.
    #[must_use]
    pub fn nodes(&self) -> &[Node] {
        &self.0.nodes
    }

    /// The index of the formula itself among its nodes.
    #[must_use]
    pub fn root(&self) -> NodeId {
        id(self.0.nodes.len() - 1)
    }

    /// The atoms, in the order of their first occurrence.
    #[must_use]
    pub fn atoms(&self) -> &[Box<str>] {
        &self.0.atoms
    }

    /// The number of nodes of the formula's tree: connectives, constants and atoms, each as often as it occurs.
    #[must_use]
    pub fn tree_size(&self) -> u64 {
        self.0.root.tree
    }

    /// How deeply connectives are nested; an atom has depth 0.
    #[must_use]
    pub fn depth(&self) -> u32 {
        self.0.root.depth
    }

    /// How deeply modal operators are nested.
    #[must_use]
    pub fn modal_depth(&self) -> u32 {
        self.0.root.modal_depth
    }

    /// The negation of the formula.
    #[must_use]
    pub fn negation(&self) -> Self {
        let mut nodes = self.0.nodes.clone();
        nodes.push(Node::Not(self.root()));
        let old = self.0.root;
        let root = Measure::of(Node::Not(0), |_| old);
        Self(Arc::new(Arena { atoms: self.0.atoms.clone(), nodes, root }))
    }
}

impl PartialEq for Formula {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || (self.0.nodes == other.0.nodes && self.0.atoms == other.0.atoms)
    }
}

impl Eq for Formula {}

impl Hash for Formula {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.nodes.hash(state);
        self.0.atoms.hash(state);
    }
}

/// Builds a formula from the leaves up, sharing equal subformulas.
#[derive(Debug, Default)]
pub struct Builder {
    atoms: Vec<Box<str>>,
    atom_ids: HashMap<Box<str>, u32>,
    nodes: Vec<Node>,
    node_ids: HashMap<Node, NodeId>,
    measures: Vec<Measure>,
}

impl Builder {
    /// The node of an atom.
    pub fn atom(&mut self, name: &str) -> NodeId {
        let index = if let Some(&index) = self.atom_ids.get(name) {
            index
        } else {
            let index = id(self.atoms.len());
            self.atoms.push(name.into());
            self.atom_ids.insert(name.into(), index);
            index
        };
        self.add(Node::Atom(index))
    }

    /// The node of a formula whose children are nodes of this builder.
    pub fn add(&mut self, node: Node) -> NodeId {
        if let Some(&known) = self.node_ids.get(&node) {
            return known;
        }
        let new = id(self.nodes.len());
        let measure = Measure::of(node, |child| self.measures[child as usize]);
        self.nodes.push(node);
        self.measures.push(measure);
        self.node_ids.insert(node, new);
        new
    }

    pub(crate) fn distinct_atoms(&self) -> usize {
        self.atoms.len()
    }

    pub(crate) fn measure(&self, node: NodeId) -> Measure {
        self.measures[node as usize]
    }

    /// The formula of a node of this builder; what it does not contain is left out.
    #[must_use]
    pub fn finish(self, root: NodeId) -> Formula {
        let measure = self.measures[root as usize];
        let (nodes, atom_order) = in_walk_order(&self.nodes, self.atoms.len(), root);
        let mut names = self.atoms;
        let atoms = atom_order.into_iter().map(|old| std::mem::take(&mut names[old as usize])).collect();
        Formula(Arc::new(Arena { atoms, nodes, root: measure }))
    }
}

const UNSEEN: u32 = u32::MAX;

/// Renumbers the nodes below `root`, and the atoms, in the order of a left-to-right post-order walk.
fn in_walk_order(nodes: &[Node], atom_count: usize, root: NodeId) -> (Vec<Node>, Vec<u32>) {
    let mut place = vec![UNSEEN; nodes.len()];
    let mut atom_place = vec![UNSEEN; atom_count];
    let (mut ordered, mut atom_order) = (Vec::with_capacity(nodes.len()), Vec::with_capacity(atom_count));
    let mut pending = vec![(root, false)];
    while let Some((old, children_done)) = pending.pop() {
        if place[old as usize] != UNSEEN {
            continue;
        }
        let node = nodes[old as usize];
        let [left, right] = node.children();
        if !children_done && left.is_some() {
            pending.push((old, true));
            pending.extend(right.map(|child| (child, false)));
            pending.extend(left.map(|child| (child, false)));
            continue;
        }
        place[old as usize] = id(ordered.len());
        ordered.push(match node {
            Node::Atom(atom) => {
                let slot = &mut atom_place[atom as usize];
                *slot = id(atom_order.len());
                atom_order.push(atom);
                Node::Atom(*slot)
            }
            _ => node.with_children(|child| place[child as usize]),
        });
    }
    (ordered, atom_order)
}

/// Arena indices fit `u32`: a formula is built from text or bytes held in memory, whose length the limits bound.
fn id(index: usize) -> u32 {
    u32::try_from(index).expect("an arena holds fewer than 2^32 nodes")
}
