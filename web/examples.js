/**
 * Goals worth a look, by topic, each with what it teaches and the verdict that it gets.
 */

/** @typedef {{goal: string, name: string, says: string, verdict: "valid" | "invalid"}} Example */

/** @type {{topic: string, examples: Example[]}[]} */
export const TOPICS = [
  {
    topic: "Axioms",
    examples: [
      { name: "K", goal: "□(p → q) → (□p → □q)", verdict: "valid", says: "Necessity distributes over implication." },
      { name: "T", goal: "□p → p", verdict: "valid", says: "What is necessary is true." },
      { name: "4", goal: "□p → □□p", verdict: "valid", says: "What is necessary is necessarily necessary." },
      { name: "5", goal: "◇p → □◇p", verdict: "valid", says: "What is possible is necessarily possible: the axiom that makes S5." },
      { name: "B", goal: "p → □◇p", verdict: "valid", says: "What is true is necessarily possible." },
      { name: "D", goal: "□p → ◇p", verdict: "valid", says: "What is necessary is possible." },
      { name: "Duality", goal: "◇p ↔ ¬□¬p", verdict: "valid", says: "Possible means: not necessarily not." },
    ],
  },
  {
    topic: "Textbook theorems",
    examples: [
      { name: "Box over and", goal: "□(p ∧ q) ↔ □p ∧ □q", verdict: "valid", says: "Necessity distributes over conjunction, both ways." },
      {
        name: "Diamond over or",
        goal: "◇(p ∨ q) ↔ ◇p ∨ ◇q",
        verdict: "valid",
        says: "Possibility distributes over disjunction, both ways.",
      },
      { name: "Collapse", goal: "◇□p ↔ □p", verdict: "valid", says: "In S5 only the last of several modalities counts." },
      { name: "Modal modus tollens", goal: "□(p → q) → (¬◇q → ¬◇p)", verdict: "valid", says: "What entails the impossible is impossible." },
      { name: "Box out of or", goal: "□(p ∨ □q) ↔ □p ∨ □q", verdict: "valid", says: "A modal disjunct leaves the box: S5’s normal form." },
      {
        name: "Ontological step",
        goal: "□(g → □g) → (◇g → g)",
        verdict: "valid",
        says: "Modal arguments for a necessary being turn on this: if g is possible, it is so.",
      },
    ],
  },
  {
    topic: "Fallacies",
    examples: [
      { name: "Fatalism", goal: "p → □p", verdict: "invalid", says: "Not everything true is necessary." },
      { name: "Scope of must", goal: "□(p → q) → (p → □q)", verdict: "invalid", says: "A necessary implication does not make its conclusion necessary." },
      {
        name: "Box over or",
        goal: "□(p ∨ q) → □p ∨ □q",
        verdict: "invalid",
        says: "A coin must land on one of its sides, but on neither of them necessarily.",
      },
      {
        name: "Diamond over and",
        goal: "◇p ∧ ◇q → ◇(p ∧ q)",
        verdict: "invalid",
        says: "Two possible things may be impossible together.",
      },
      { name: "Possible, hence so", goal: "◇p → p", verdict: "invalid", says: "Not everything possible is true." },
      { name: "McKinsey", goal: "□◇p → ◇□p", verdict: "invalid", says: "An axiom of other logics that S5 does not prove." },
      { name: "Löb", goal: "□(□p → p) → □p", verdict: "invalid", says: "True of provability in arithmetic, false of necessity." },
    ],
  },
  {
    topic: "For the curious",
    examples: [
      {
        name: "Three worlds",
        goal: "◇(p ∧ ¬q) ∧ ◇(q ∧ ¬p) → ◇(p ∧ q) ∨ □(p ∨ q)",
        verdict: "invalid",
        says: "A countermodel that needs three worlds.",
      },
      {
        name: "Pigeons",
        goal: "¬((a₁ ∨ a₂) ∧ (b₁ ∨ b₂) ∧ (c₁ ∨ c₂) ∧ ¬(a₁ ∧ b₁) ∧ ¬(a₁ ∧ c₁) ∧ ¬(b₁ ∧ c₁) ∧ ¬(a₂ ∧ b₂) ∧ ¬(a₂ ∧ c₂) ∧ ¬(b₂ ∧ c₂))",
        verdict: "valid",
        says: "Three pigeons do not fit in two holes. No box, and a longer proof.",
      },
    ],
  },
];
