(** * Certificates: the evidence that the checkers replay

    The format, with its byte form, is told in docs/certificate-format.md. Nodes, and the clauses that steps derive, are numbered from 1. *)

From Coq Require Export Numbers.BinNums PArith.BinPosDef.
From PXL Require Export Kernel.Syntax.

Declare Scope list_scope.
Delimit Scope list_scope with list.
Bind Scope list_scope with list.
Notation "[ ]" := nil (format "[ ]") : list_scope.
Notation "[ x ; .. ; y ]" := (cons x .. (cons y nil) ..) : list_scope.
Notation "x :: l" := (cons x l) (at level 60, right associativity) : list_scope.
Global Open Scope list_scope.

(** ** Proofs *)

(** One subformula of the goal, over the numbers of earlier nodes. *)
Inductive node : Set :=
  | NAtom (n : name)
  | NBot
  | NTop
  | NNot (a : positive)
  | NAnd (a b : positive)
  | NOr (a b : positive)
  | NImp (a b : positive)
  | NIff (a b : positive)
  | NBox (a : positive)
  | NDia (a : positive).

(** A node holds, or fails. *)
Inductive literal : Set := Holds (n : positive) | Fails (n : positive).

(** The disjunction of its literals. *)
Definition clause : Set := list literal.

Inductive step : Set :=
  | Def (n : positive) (k : N)                       (** the k-th definitional clause of node n *)
  | Rup (c : clause) (hints : list positive)         (** c, by unit propagation through earlier clauses *)
  | Nec (c : positive) (n : positive).               (** necessitation of clause c into modal node n *)

Record proof : Set := Proof { nodes : list node; steps : list step }.

(** ** Countermodels *)

(** Each listed atom with its truth in world 0, 1, 2 ...; an atom that is not listed is false everywhere. *)
Record countermodel : Set := Countermodel { worlds : positive; valuation : list (name * list bool) }.
