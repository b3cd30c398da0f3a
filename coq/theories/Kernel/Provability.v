(** * Provability: a Hilbert system for classical S5

    Classical propositional axioms for every connective, the modal axioms K, T, 4 and 5, the duality of [Dia], modus ponens and necessitation.
    Each axiom is a schema. 4 follows from T and 5; it is listed because readers look for it.

    After Hughes and Cresswell, "A New Introduction to Modal Logic" (1996), chapters 2 and 3; the propositional part after Kleene,
    "Introduction to Metamathematics" (1952), section 19, with primitive equivalence and constants. *)

From PXL Require Import Kernel.Syntax.

Local Open Scope formula_scope.

Inductive Prov : formula -> Prop :=
  (* implication *)
  | imp_weaken a b : Prov (a → b → a)
  | imp_distribute a b c : Prov ((a → b → c) → (a → b) → a → c)
  (* conjunction *)
  | and_intro a b : Prov (a → b → a ∧ b)
  | and_left a b : Prov (a ∧ b → a)
  | and_right a b : Prov (a ∧ b → b)
  (* disjunction *)
  | or_left a b : Prov (a → a ∨ b)
  | or_right a b : Prov (b → a ∨ b)
  | or_elim a b c : Prov ((a → c) → (b → c) → a ∨ b → c)
  (* equivalence *)
  | iff_intro a b : Prov ((a → b) → (b → a) → (a ↔ b))
  | iff_left a b : Prov ((a ↔ b) → a → b)
  | iff_right a b : Prov ((a ↔ b) → b → a)
  (* constants and negation; double negation makes the logic classical *)
  | top_intro : Prov ⊤
  | bot_elim a : Prov (⊥ → a)
  | not_intro a : Prov ((a → ⊥) → ¬ a)
  | not_elim a : Prov (¬ a → a → ⊥)
  | double_negation a : Prov (¬ ¬ a → a)
  (* necessity *)
  | axiom_K a b : Prov (□ (a → b) → □ a → □ b)
  | axiom_T a : Prov (□ a → a)
  | axiom_4 a : Prov (□ a → □ □ a)
  | axiom_5 a : Prov (◇ a → □ ◇ a)
  (* possibility *)
  | duality a : Prov (◇ a ↔ ¬ □ ¬ a)
  (* rules *)
  | modus_ponens a b : Prov (a → b) -> Prov a -> Prov b
  | necessitation a : Prov a -> Prov (□ a).
