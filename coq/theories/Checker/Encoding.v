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

Definition push_byte (b : byte) (r : numbers_read) : numbers_read :=
  let '(b0, (b1, (b2, (b3, (b4, (b5, (b6, continues))))))) := to_bits b in
  let shift n := push_bit (push_bit (push_bit (push_bit (push_bit (push_bit (push_bit n b6) b5) b4) b3) b2) b1) b0 in
  if continues then
    match r with
    | Reading current rest => Reading (shift current) rest
    | _ => Malformed
    end
  else
    match r with
    | Nothing => Reading (shift N0) []
    | Reading current rest => Reading (shift N0) (current :: rest)
    | Malformed => Malformed
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
  | Some (bs, input) => Some (Name bs, input)
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

Definition no_model : countermodel := Countermodel 1 [(Name [], [])].

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
