(** * Uniform substitution: a theorem stays one when formulas replace its atoms

    Each axiom is a schema, so a derivation is carried over step by step. In particular atoms may be renamed, which is why a goal may be answered from an entry stored
    for the same goal in other letters. *)

From PXL Require Import Kernel.Syntax Kernel.Provability.

Fixpoint substitute (s : name -> formula) (f : formula) : formula :=
  match f with
  | Atom n => s n
  | Bot => Bot
  | Top => Top
  | Not a => Not (substitute s a)
  | And a b => And (substitute s a) (substitute s b)
  | Or a b => Or (substitute s a) (substitute s b)
  | Imp a b => Imp (substitute s a) (substitute s b)
  | Iff a b => Iff (substitute s a) (substitute s b)
  | Box a => Box (substitute s a)
  | Dia a => Dia (substitute s a)
  end.

Theorem uniform_substitution s f : Prov f -> Prov (substitute s f).
Proof.
  intros proof.
  induction proof as
    [ | | | | | | | | | | | | | | | | | | | | | a b _ IHab _ IHa | a _ IHa ]; simpl; try constructor.
  - exact (modus_ponens _ _ IHab IHa).
  - exact IHa.
Qed.
