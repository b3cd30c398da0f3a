(** * Encoding: certificates as byte strings

    Decoders for the byte form of docs/certificate-format.md. Nothing is proved about them, and nothing needs to be: the soundness theorems hold for whatever they return.
    They are written for speed in Coq's virtual machine, and to need a shallow stack on long inputs. *)

From Coq Require Import Init.Byte.
From PXL Require Import Kernel.Syntax Checker.Certificate.

(** ** Byte strings

    Balanced, so that the terms are shallow; wide leaves, because the kernel's work on a term is counted in its applications. *)

Inductive bytes : Set :=
  | B0
  | B1 (b : byte)
  | B16 (b0 b1 b2 b3 b4 b5 b6 b7 b8 b9 b10 b11 b12 b13 b14 b15 : byte)
  | Cat (front back : bytes).

Fixpoint fold_right {A : Type} (f : byte -> A -> A) (bs : bytes) (x : A) : A :=
  match bs with
  | B0 => x
  | B1 b => f b x
  | B16 b0 b1 b2 b3 b4 b5 b6 b7 b8 b9 b10 b11 b12 b13 b14 b15 =>
      f b0 (f b1 (f b2 (f b3 (f b4 (f b5 (f b6 (f b7 (f b8 (f b9 (f b10 (f b11 (f b12 (f b13 (f b14 (f b15 x)))))))))))))))
  | Cat front back => fold_right f front (fold_right f back x)
  end.

(** ** LEB128, from the last byte to the first *)

Inductive numbers_read : Set :=
  | Nothing
  | Reading (current : N) (rest : list N)
  | Malformed.

Definition push_bit (n : N) (b : bool) : N :=
  match n with
  | N0 => if b then Npos xH else N0
  | Npos p => Npos (if b then xI p else xO p)
  end.

(** What a byte says: the last of a number with its value, or one that others follow, with its seven bits. *)
Inductive group : Set :=
  | Last (value : N)
  | More (b0 b1 b2 b3 b4 b5 b6 : bool).

Definition group_spec (b : byte) : group :=
  let '(b0, (b1, (b2, (b3, (b4, (b5, (b6, continues))))))) := to_bits b in
  if continues then More b0 b1 b2 b3 b4 b5 b6
  else Last (push_bit (push_bit (push_bit (push_bit (push_bit (push_bit (push_bit N0 b6) b5) b4) b3) b2) b1) b0).

(** The same as a table, computed once: most of the bytes of a certificate are the last of their number. *)
Definition group_of : byte -> group := Eval lazy in fun b =>
  byte_rec (fun _ => group)
     (group_spec x00) (group_spec x01) (group_spec x02) (group_spec x03) (group_spec x04) (group_spec x05) (group_spec x06) (group_spec x07) (group_spec x08) (group_spec x09) (group_spec x0a) (group_spec x0b) (group_spec x0c) (group_spec x0d) (group_spec x0e) (group_spec x0f)
     (group_spec x10) (group_spec x11) (group_spec x12) (group_spec x13) (group_spec x14) (group_spec x15) (group_spec x16) (group_spec x17) (group_spec x18) (group_spec x19) (group_spec x1a) (group_spec x1b) (group_spec x1c) (group_spec x1d) (group_spec x1e) (group_spec x1f)
     (group_spec x20) (group_spec x21) (group_spec x22) (group_spec x23) (group_spec x24) (group_spec x25) (group_spec x26) (group_spec x27) (group_spec x28) (group_spec x29) (group_spec x2a) (group_spec x2b) (group_spec x2c) (group_spec x2d) (group_spec x2e) (group_spec x2f)
     (group_spec x30) (group_spec x31) (group_spec x32) (group_spec x33) (group_spec x34) (group_spec x35) (group_spec x36) (group_spec x37) (group_spec x38) (group_spec x39) (group_spec x3a) (group_spec x3b) (group_spec x3c) (group_spec x3d) (group_spec x3e) (group_spec x3f)
     (group_spec x40) (group_spec x41) (group_spec x42) (group_spec x43) (group_spec x44) (group_spec x45) (group_spec x46) (group_spec x47) (group_spec x48) (group_spec x49) (group_spec x4a) (group_spec x4b) (group_spec x4c) (group_spec x4d) (group_spec x4e) (group_spec x4f)
     (group_spec x50) (group_spec x51) (group_spec x52) (group_spec x53) (group_spec x54) (group_spec x55) (group_spec x56) (group_spec x57) (group_spec x58) (group_spec x59) (group_spec x5a) (group_spec x5b) (group_spec x5c) (group_spec x5d) (group_spec x5e) (group_spec x5f)
     (group_spec x60) (group_spec x61) (group_spec x62) (group_spec x63) (group_spec x64) (group_spec x65) (group_spec x66) (group_spec x67) (group_spec x68) (group_spec x69) (group_spec x6a) (group_spec x6b) (group_spec x6c) (group_spec x6d) (group_spec x6e) (group_spec x6f)
     (group_spec x70) (group_spec x71) (group_spec x72) (group_spec x73) (group_spec x74) (group_spec x75) (group_spec x76) (group_spec x77) (group_spec x78) (group_spec x79) (group_spec x7a) (group_spec x7b) (group_spec x7c) (group_spec x7d) (group_spec x7e) (group_spec x7f)
     (group_spec x80) (group_spec x81) (group_spec x82) (group_spec x83) (group_spec x84) (group_spec x85) (group_spec x86) (group_spec x87) (group_spec x88) (group_spec x89) (group_spec x8a) (group_spec x8b) (group_spec x8c) (group_spec x8d) (group_spec x8e) (group_spec x8f)
     (group_spec x90) (group_spec x91) (group_spec x92) (group_spec x93) (group_spec x94) (group_spec x95) (group_spec x96) (group_spec x97) (group_spec x98) (group_spec x99) (group_spec x9a) (group_spec x9b) (group_spec x9c) (group_spec x9d) (group_spec x9e) (group_spec x9f)
     (group_spec xa0) (group_spec xa1) (group_spec xa2) (group_spec xa3) (group_spec xa4) (group_spec xa5) (group_spec xa6) (group_spec xa7) (group_spec xa8) (group_spec xa9) (group_spec xaa) (group_spec xab) (group_spec xac) (group_spec xad) (group_spec xae) (group_spec xaf)
     (group_spec xb0) (group_spec xb1) (group_spec xb2) (group_spec xb3) (group_spec xb4) (group_spec xb5) (group_spec xb6) (group_spec xb7) (group_spec xb8) (group_spec xb9) (group_spec xba) (group_spec xbb) (group_spec xbc) (group_spec xbd) (group_spec xbe) (group_spec xbf)
     (group_spec xc0) (group_spec xc1) (group_spec xc2) (group_spec xc3) (group_spec xc4) (group_spec xc5) (group_spec xc6) (group_spec xc7) (group_spec xc8) (group_spec xc9) (group_spec xca) (group_spec xcb) (group_spec xcc) (group_spec xcd) (group_spec xce) (group_spec xcf)
     (group_spec xd0) (group_spec xd1) (group_spec xd2) (group_spec xd3) (group_spec xd4) (group_spec xd5) (group_spec xd6) (group_spec xd7) (group_spec xd8) (group_spec xd9) (group_spec xda) (group_spec xdb) (group_spec xdc) (group_spec xdd) (group_spec xde) (group_spec xdf)
     (group_spec xe0) (group_spec xe1) (group_spec xe2) (group_spec xe3) (group_spec xe4) (group_spec xe5) (group_spec xe6) (group_spec xe7) (group_spec xe8) (group_spec xe9) (group_spec xea) (group_spec xeb) (group_spec xec) (group_spec xed) (group_spec xee) (group_spec xef)
     (group_spec xf0) (group_spec xf1) (group_spec xf2) (group_spec xf3) (group_spec xf4) (group_spec xf5) (group_spec xf6) (group_spec xf7) (group_spec xf8) (group_spec xf9) (group_spec xfa) (group_spec xfb) (group_spec xfc) (group_spec xfd) (group_spec xfe) (group_spec xff)
    b.

Definition bit (b : bool) (p : positive) : positive := if b then xI p else xO p.

Definition push_byte (b : byte) (r : numbers_read) : numbers_read :=
  match group_of b with
  | Last value =>
      match r with
      | Nothing => Reading value []
      | Reading current rest => Reading value (current :: rest)
      | Malformed => Malformed
      end
  | More b0 b1 b2 b3 b4 b5 b6 =>
      match r with
      | Reading N0 rest =>
          Reading (push_bit (push_bit (push_bit (push_bit (push_bit (push_bit (push_bit N0 b6) b5) b4) b3) b2) b1) b0) rest
      | Reading (Npos p) rest => Reading (Npos (bit b0 (bit b1 (bit b2 (bit b3 (bit b4 (bit b5 (bit b6 p)))))))) rest
      | Nothing | Malformed => Malformed
      end
  end.

Definition numbers (bs : bytes) : option (list N) :=
  match fold_right push_byte bs Nothing with
  | Nothing => Some []
  | Reading current rest => Some (current :: rest)
  | Malformed => None
  end.

(** ** Readers: each takes what it needs from the front of the input *)

Definition reader (A : Type) : Type := list N -> option (A * list N).

Fixpoint reverse_onto {A : Type} (xs ys : list A) : list A :=
  match xs with [] => ys | x :: xs => reverse_onto xs (x :: ys) end.

Definition byte_of_number (n : N) : option byte :=
  let bit p := match p with xI _ => true | _ => false end in
  let next p := match p with Some (xI p) | Some (xO p) => Some p | _ => None end in
  let low p := match p with Some (xI _) | Some xH => true | _ => false end in
  let p0 := match n with N0 => None | Npos p => Some p end in
  let p1 := next p0 in let p2 := next p1 in let p3 := next p2 in let p4 := next p3 in
  let p5 := next p4 in let p6 := next p5 in let p7 := next p6 in
  match next p7 with
  | Some _ => None
  | None => Some (of_bits (low p0, (low p1, (low p2, (low p3, (low p4, (low p5, (low p6, low p7))))))))
  end.

Definition literal_of_number (n : N) : option literal :=
  match n with
  | Npos (xO p) => Some (Holds p)
  | Npos (xI p) => Some (Fails p)
  | _ => None
  end.

Definition positive_of_number (n : N) : option positive :=
  match n with N0 => None | Npos p => Some p end.

(** [count] items, each made from one number, onto [read] in reverse. *)
Fixpoint items {A : Type} (item : N -> option A) (input : list N) (count : N) (read : list A) : option (list A * list N) :=
  match count with
  | N0 => Some (reverse_onto read [], input)
  | Npos p =>
      match input with
      | [] => None
      | n :: input => match item n with Some x => items item input (Pos.pred_N p) (x :: read) | None => None end
      end
  end.

(** A count, then that many items. *)
Definition counted {A : Type} (item : N -> option A) : reader (list A) := fun input =>
  match input with
  | [] => None
  | count :: input => items item input count []
  end.

Definition read_name : reader name := fun input =>
  match counted byte_of_number input with
  | Some (bs, input) => Some (name_of_bytes bs, input)
  | None => None
  end.

(** ** Proofs *)

Definition read_node : reader node := fun input =>
  match input with
  | N0 :: input => match read_name input with Some (n, input) => Some (NAtom n, input) | None => None end
  | Npos 1 :: input => Some (NBot, input)
  | Npos 2 :: input => Some (NTop, input)
  | Npos 3 :: Npos a :: input => Some (NNot a, input)
  | Npos 4 :: Npos a :: Npos b :: input => Some (NAnd a b, input)
  | Npos 5 :: Npos a :: Npos b :: input => Some (NOr a b, input)
  | Npos 6 :: Npos a :: Npos b :: input => Some (NImp a b, input)
  | Npos 7 :: Npos a :: Npos b :: input => Some (NIff a b, input)
  | Npos 8 :: Npos a :: input => Some (NBox a, input)
  | Npos 9 :: Npos a :: input => Some (NDia a, input)
  | _ => None
  end.

Definition read_step : reader step := fun input =>
  match input with
  | N0 :: Npos n :: k :: input => Some (Def n k, input)
  | Npos 1 :: input =>
      match counted literal_of_number input with
      | None => None
      | Some (c, input) =>
          match counted positive_of_number input with
          | Some (hints, input) => Some (Rup c hints, input)
          | None => None
          end
      end
  | Npos 2 :: Npos c :: Npos n :: input => Some (Nec c n, input)
  | _ => None
  end.

(** Up to [count] things, or as many as the input holds; [fuel] is any list as long as the input. *)
Fixpoint read_count {A B : Type} (read : reader A) (fuel : list B) (input : list N) (count : N) (done : list A) : option (list A * list N) :=
  match count with
  | N0 => Some (reverse_onto done [], input)
  | Npos p =>
      match fuel with
      | [] => None
      | _ :: fuel => match read input with Some (x, input) => read_count read fuel input (Pos.pred_N p) (x :: done) | None => None end
      end
  end.

Fixpoint read_all {A B : Type} (read : reader A) (fuel : list B) (input : list N) (done : list A) : option (list A) :=
  match input with
  | [] => Some (reverse_onto done [])
  | _ =>
      match fuel with
      | [] => None
      | _ :: fuel => match read input with Some (x, input) => read_all read fuel input (x :: done) | None => None end
      end
  end.

(** A certificate that no goal has: what malformed bytes stand for. *)
Definition no_proof : proof := Proof [] [].

Definition proof_of_numbers (input : list N) : option proof :=
  match input with
  | [] => None
  | count :: rest =>
      match read_count read_node rest rest count [] with
      | None => None
      | Some (ds, input) => match read_all read_step input input [] with Some ss => Some (Proof ds ss) | None => None end
      end
  end.

Definition decode_proof (bs : bytes) : proof :=
  match numbers bs with
  | None => no_proof
  | Some input => match proof_of_numbers input with Some p => p | None => no_proof end
  end.

(** ** Countermodels *)

(** The bits of [n], one for each entry of [frame]; [None] when bits are left over. *)
Fixpoint bits (frame : list bool) (n : N) : option (list bool) :=
  match frame with
  | [] => match n with N0 => Some [] | _ => None end
  | _ :: frame =>
      let (b, rest) := match n with
        | N0 => (false, N0)
        | Npos xH => (true, N0)
        | Npos (xO p) => (false, Npos p)
        | Npos (xI p) => (true, Npos p)
        end in
      match bits frame rest with Some v => Some (b :: v) | None => None end
  end.

Definition read_entry (frame : list bool) : reader (name * list bool) := fun input =>
  match read_name input with
  | Some (n, b :: input) => match bits frame b with Some v => Some ((n, v), input) | None => None end
  | _ => None
  end.

(** At most 2^16 - 1 worlds, so that a few bytes cannot ask for an enormous frame. *)
Fixpoint shorter_than (width : list bool) (p : positive) : bool :=
  match width, p with
  | [], _ => false
  | _ :: _, xH => true
  | _ :: width, xO p | _ :: width, xI p => shorter_than width p
  end.

Definition world_count_width : list bool := Pos.iter (cons true) [] 16.

Definition no_model : countermodel := Countermodel 1 [(NameEnd, [])].

Definition model_of_numbers (input : list N) : option countermodel :=
  match input with
  | Npos k :: count :: rest =>
      if shorter_than world_count_width k then
        match read_count (read_entry (Pos.iter (cons true) [] k)) rest rest count [] with
        | Some (entries, []) => Some (Countermodel k entries)
        | _ => None
        end
      else None
  | _ => None
  end.

Definition decode_model (bs : bytes) : countermodel :=
  match numbers bs with
  | None => no_model
  | Some input => match model_of_numbers input with Some m => m | None => no_model end
  end.
