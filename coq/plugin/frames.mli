(** Length-prefixed frames and their integers: see docs/session-protocol.md. *)

exception Malformed of string

type reader
(** A position in a byte string. *)

val reader : string -> reader
val at_end : reader -> bool
val byte : reader -> int
val uint32 : reader -> int
val take : reader -> int -> string
val rest : reader -> string

val leb128 : reader -> int
(** One number of the certificate format. Numbers of 2^56 and more are malformed here: they only count things that are present. *)

val read_frame : in_channel -> string option
(** [None] at the end of input. *)

val write_frame : out_channel -> Buffer.t -> unit
