(** Coq terms of goals and certificates, from their wire form (docs/certificate-format.md).

    Built once per session: the constants of the theory that the terms mention. *)

type theory

val load : Environ.env -> theory
(** Raises when the theory's modules are not loaded. *)

val goal : theory -> string -> Constr.t
(** A term of type [formula]. Raises [Frames.Malformed]. *)

val bytes : theory -> string -> Constr.t
(** A term of type [Encoding.bytes]: the same bytes, balanced. *)

type claim = {
  statement : Constr.t -> Constr.t;  (** of a goal: [Prov goal] or [~ Prov goal] *)
  evidence : Constr.t -> Constr.t -> Constr.t;  (** of a goal and bytes: the proof term of the statement *)
  diagnosis : Constr.t -> Constr.t -> Constr.t;  (** of a goal and bytes: a term that computes why they are refused *)
  diagnosis_type : Constr.t;
}

val provable : theory -> claim
val refutable : theory -> claim
