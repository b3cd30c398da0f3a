exception Malformed of string

let largest_frame = 1 lsl 30

type reader = { text : string; mutable position : int }

let reader text = { text; position = 0 }
let at_end r = r.position >= String.length r.text

let take r count =
  if count < 0 || count > String.length r.text - r.position then raise (Malformed "the request ends too early");
  let taken = String.sub r.text r.position count in
  r.position <- r.position + count;
  taken

let byte r =
  if at_end r then raise (Malformed "the request ends too early");
  let b = Char.code (String.unsafe_get r.text r.position) in
  r.position <- r.position + 1;
  b

let uint32 r = Int32.to_int (String.get_int32_be (take r 4) 0) land 0xFFFFFFFF
let rest r = take r (String.length r.text - r.position)

let leb128 r =
  let rec group shift total =
    if shift > 49 then raise (Malformed "a number of the goal is too large");
    let b = byte r in
    let total = total lor ((b land 0x7F) lsl shift) in
    if b land 0x80 = 0 then total else group (shift + 7) total
  in
  group 0 0

let read_frame input =
  match really_input_string input 4 with
  | exception End_of_file -> None
  | header ->
    let length = Int32.to_int (String.get_int32_be header 0) land 0xFFFFFFFF in
    if length > largest_frame then raise (Malformed "the frame is longer than 2^30 bytes");
    Some (really_input_string input length)

let write_frame output payload =
  let header = Bytes.create 4 in
  Bytes.set_int32_be header 0 (Int32.of_int (Buffer.length payload));
  output_bytes output header;
  Buffer.output_buffer output payload;
  flush output
