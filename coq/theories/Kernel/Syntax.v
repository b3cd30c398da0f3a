(** * Syntax: the formulas of propositional modal logic

    Every connective is primitive, so that a statement reads as its author wrote it: nothing is unfolded on the way from the text to the theorem.

    After Blackburn, de Rijke and Venema, "Modal Logic" (2001), section 1.2. *)

From Coq Require Import Init.Byte.

(** An atom is named by its UTF-8 bytes. A type of its own, and not [list byte], because the kernel types every occurrence of a name anew, and a polymorphic list costs it
    twice as much; and so that Coq reads and prints names as string literals. *)
Inductive name : Set :=
  | NameEnd
  | NameByte (b : byte) (rest : name).

Fixpoint name_of_bytes (bytes : list byte) : name :=
  match bytes with
  | nil => NameEnd
  | cons b rest => NameByte b (name_of_bytes rest)
  end.

Fixpoint bytes_of_name (n : name) : list byte :=
  match n with
  | NameEnd => nil
  | NameByte b rest => cons b (bytes_of_name rest)
  end.

Declare Scope name_scope.
Delimit Scope name_scope with name.
Bind Scope name_scope with name.
String Notation name name_of_bytes bytes_of_name : name_scope.

Inductive formula : Set :=
  | Atom (n : name)
  | Bot
  | Top
  | Not (a : formula)
  | And (a b : formula)
  | Or (a b : formula)
  | Imp (a b : formula)
  | Iff (a b : formula)
  | Box (a : formula)
  | Dia (a : formula).

Declare Scope formula_scope.
Delimit Scope formula_scope with formula.
Bind Scope formula_scope with formula.

(** Printed statements show [□ ("A" → "A")]: the coercion hides [Atom]. *)
Coercion Atom : name >-> formula.

Notation "⊥" := Bot : formula_scope.
Notation "⊤" := Top : formula_scope.
Notation "¬ a" := (Not a) (at level 35, right associativity) : formula_scope.
Notation "□ a" := (Box a) (at level 35, right associativity) : formula_scope.
Notation "◇ a" := (Dia a) (at level 35, right associativity) : formula_scope.
Notation "a ∧ b" := (And a b) (at level 40, left associativity) : formula_scope.
Notation "a ∨ b" := (Or a b) (at level 50, left associativity) : formula_scope.
Notation "a → b" := (Imp a b) (at level 60, right associativity) : formula_scope.
Notation "a ↔ b" := (Iff a b) (at level 70, no associativity) : formula_scope.
