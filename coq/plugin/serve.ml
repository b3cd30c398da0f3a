let protocol_version = 1
let plugin_version = "1.0.0"
let kind_check_proof = 1
let kind_check_model = 2
let kind_hello = 128
let kind_accepted = 129
let kind_rejected = 130
let kind_malformed = 131
let kind_failed = 132
let flag_print = 1
let flag_explain = 2

type context = { env : Environ.env; theory : Terms.theory; provable : Terms.claim; refutable : Terms.claim }

let context () =
  let env = Global.env () in
  let theory = Terms.load env in
  { env; theory; provable = Terms.provable theory; refutable = Terms.refutable theory }

let request context payload : int64 * (unit -> Judge.request) =
  let r = Frames.reader payload in
  let version = Frames.byte r in
  let kind = Frames.byte r in
  let number = String.get_int64_be (Frames.take r 8) 0 in
  ( number,
    fun () ->
      if version <> protocol_version then raise (Frames.Malformed (Printf.sprintf "protocol version %d: this is version %d" version protocol_version));
      let claim =
        if kind = kind_check_proof then context.provable
        else if kind = kind_check_model then context.refutable
        else raise (Frames.Malformed (Printf.sprintf "unknown kind of request: %d" kind))
      in
      let flags = Frames.byte r in
      let goal = Terms.goal context.theory (Frames.take r (Frames.uint32 r)) in
      let bytes = Terms.bytes context.theory (Frames.rest r) in
      { Judge.claim; goal; bytes; print = flags land flag_print <> 0; explain = flags land flag_explain <> 0 } )

let reply_header kind number =
  let b = Buffer.create 256 in
  Buffer.add_uint8 b protocol_version;
  Buffer.add_uint8 b kind;
  Buffer.add_int64_be b number;
  b

let answer context payload =
  let number, read = request context payload in
  let started = Unix.gettimeofday () in
  let kind, text =
    match Judge.judge context.env (read ()) with
    | Judge.Accepted statement -> (kind_accepted, statement)
    | Judge.Rejected reason -> (kind_rejected, reason)
    | Judge.Failed reason -> (kind_failed, reason)
    | exception Frames.Malformed reason -> (kind_malformed, reason)
    | exception Stack_overflow -> (kind_failed, "the request exhausted the stack")
    | exception Out_of_memory -> (kind_failed, "the request exhausted the memory")
  in
  let microseconds = if kind = kind_malformed then 0L else Int64.of_float ((Unix.gettimeofday () -. started) *. 1e6) in
  (kind, number, microseconds, text)

let serve () =
  (* Only frames may reach the protocol's descriptors: whatever Coq itself prints goes to standard error, and it has no input to read. *)
  let input = Unix.in_channel_of_descr (Unix.dup Unix.stdin) and output = Unix.out_channel_of_descr (Unix.dup Unix.stdout) in
  Unix.dup2 Unix.stderr Unix.stdout;
  let nothing = Unix.openfile "/dev/null" [ Unix.O_RDONLY ] 0 in
  Unix.dup2 nothing Unix.stdin;
  Unix.close nothing;
  set_binary_mode_in input true;
  set_binary_mode_out output true;
  let context = context () in
  let hello = reply_header kind_hello 0L in
  Buffer.add_string hello (Coq_config.version ^ " " ^ plugin_version);
  Frames.write_frame output hello;
  let rec loop () =
    match Frames.read_frame input with
    | None -> ()
    | Some payload ->
      let kind, number, microseconds, text = answer context payload in
      let reply = reply_header kind number in
      Buffer.add_string reply (Digest.string payload);
      Buffer.add_int64_be reply microseconds;
      Buffer.add_string reply text;
      Frames.write_frame output reply;
      loop ()
  in
  (* A frame that cannot be delimited leaves nothing to answer: the process ends, and its owner sees that. *)
  match loop () with () -> exit 0 | exception (Frames.Malformed _ | End_of_file) -> exit 1

let unhex text =
  let digit c =
    match c with
    | '0' .. '9' -> Char.code c - 48
    | 'a' .. 'f' -> Char.code c - 87
    | 'A' .. 'F' -> Char.code c - 55
    | _ -> raise (Frames.Malformed "not a hexadecimal digit")
  in
  if String.length text mod 2 <> 0 then raise (Frames.Malformed "an odd number of hexadecimal digits");
  String.init (String.length text / 2) (fun i -> Char.chr ((digit text.[2 * i] * 16) + digit text.[(2 * i) + 1]))

let check hex =
  match answer (context ()) (unhex hex) with
  | kind, _, _, text when kind = kind_accepted -> Feedback.msg_notice Pp.(str "accepted: " ++ str text)
  | _, _, _, reason -> CErrors.user_err Pp.(str "not accepted: " ++ str reason)
  | exception Frames.Malformed reason -> CErrors.user_err Pp.(str "malformed request: " ++ str reason)
