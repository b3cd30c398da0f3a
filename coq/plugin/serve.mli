(** The two doors to the kernel check. *)

val serve : unit -> unit
(** [PXL Serve.]: answers requests on standard input with replies on standard output until the end of input, then ends the process with status 0. *)

val check : string -> unit
(** [PXL Check "hex".]: answers one request, the hexadecimal spelling of a frame's payload, with a message of Coq; an error unless it is accepted. *)
