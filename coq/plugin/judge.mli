(** The question put to Coq's kernel, and its answer.

    Invariant: [Accepted] is returned only after [Typeops.infer] has typed the evidence and kernel conversion has found its type equal to the statement. Nothing is
    added to the environment. *)

type request = { claim : Terms.claim; goal : Constr.t; bytes : Constr.t; print : bool; explain : bool }

type verdict =
  | Accepted of string  (** the statement as Coq prints it; empty unless asked for *)
  | Rejected of string
  | Failed of string  (** the check did not run to its end; the process should be replaced *)

val judge : Environ.env -> request -> verdict
