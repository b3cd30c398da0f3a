(** * The countermodel checker

    The frame is universal, so a modal formula has one truth value in the whole model, and the truth of a formula is a vector of booleans, one for each world, computed once for each
    subformula. Accepted when the goal is false in the first world. *)

From Coq Require Import Init.Byte.
From PXL Require Import Kernel.Syntax Kernel.Provability Kernel.Kripke Kernel.Soundness Kernel.FiniteModels.
From PXL Require Import Checker.Certificate Checker.Trie.

(** ** The valuation as a map *)

Definition vectors : Set := trie (list bool).

(** Soundness does not need keys to differ: two names with one key would only be given the same truth. *)
Fixpoint key (n : name) : positive :=
  let bit b k := if b : bool then xI k else xO k in
  match n with
  | NameEnd => xH
  | NameByte b n =>
      let '(b0, (b1, (b2, (b3, (b4, (b5, (b6, b7))))))) := to_bits b in
      bit b0 (bit b1 (bit b2 (bit b3 (bit b4 (bit b5 (bit b6 (bit b7 (key n))))))))
  end.

Fixpoint same_length (xs ys : list bool) : bool :=
  match xs, ys with
  | [], [] => true
  | _ :: xs, _ :: ys => same_length xs ys
  | _, _ => false
  end.

(** [None] when a vector has not one entry for each world of [frame]. Of two entries for one name the first counts. *)
Fixpoint index (frame : list bool) (entries : list (name * list bool)) (vs : vectors) : option vectors :=
  match entries with
  | [] => Some vs
  | (n, v) :: entries =>
      if same_length frame v then
        index frame entries (match find (key n) vs with None => insert (key n) v vs | Some _ => vs end)
      else None
  end.

(** ** Truth vectors *)

Fixpoint map {A B : Type} (f : A -> B) (xs : list A) : list B :=
  match xs with [] => [] | x :: xs => f x :: map f xs end.

Fixpoint map2 (f : bool -> bool -> bool) (xs ys : list bool) : list bool :=
  match xs, ys with
  | x :: xs, y :: ys => f x y :: map2 f xs ys
  | _, _ => []
  end.

Section Truths.
  (** [frame] has one entry for each world. *)
  Context (frame : list bool) (vs : vectors).

  Definition lookup (n : name) : list bool :=
    match find (key n) vs with Some v => v | None => map (fun _ => false) frame end.

  Fixpoint truths (f : formula) : list bool :=
    match f with
    | Atom n => lookup n
    | Bot => map (fun _ => false) frame
    | Top => map (fun _ => true) frame
    | Not a => map negb (truths a)
    | And a b => map2 (fun x y => if x then y else false) (truths a) (truths b)
    | Or a b => map2 (fun x y => if x then true else y) (truths a) (truths b)
    | Imp a b => map2 (fun x y => if x then y else true) (truths a) (truths b)
    | Iff a b => map2 (fun x y => if x then y else negb y) (truths a) (truths b)
    | Box a => let everywhere := every (fun x => x) (truths a) in map (fun _ => everywhere) frame
    | Dia a => let somewhere := some (fun x => x) (truths a) in map (fun _ => somewhere) frame
    end.
End Truths.

Definition frame_of (m : countermodel) : list bool := Pos.iter (cons true) [] (worlds m).

Definition check_model (goal : formula) (m : countermodel) : bool :=
  let frame := frame_of m in
  match index frame (Certificate.valuation m) Leaf with
  | Some vs => match truths frame vs goal with false :: _ => true | _ => false end
  | None => false
  end.

(** ** Soundness: the vectors are the truth of FiniteModels.v in the model that they describe *)

Fixpoint worlds_of (frame : list bool) (entry : name -> list bool) : list FiniteModels.valuation :=
  match frame with
  | [] => []
  | _ :: frame =>
      (fun n => match entry n with b :: _ => b | [] => false end)
      :: worlds_of frame (fun n => match entry n with _ :: v => v | [] => [] end)
  end.

Lemma map_ext {A B} (f g : A -> B) xs : (forall x, f x = g x) -> map f xs = map g xs.
Proof. intros E. induction xs as [ | x xs IH ]; simpl; [ reflexivity | rewrite E, IH; reflexivity ]. Qed.

Lemma map_map {A B C} (g : B -> C) (f : A -> B) xs : map g (map f xs) = map (fun x => g (f x)) xs.
Proof. induction xs as [ | x xs IH ]; simpl; [ reflexivity | rewrite IH; reflexivity ]. Qed.

Lemma map2_map {A} h (f g : A -> bool) xs : map2 h (map f xs) (map g xs) = map (fun x => h (f x) (g x)) xs.
Proof. induction xs as [ | x xs IH ]; simpl; [ reflexivity | rewrite IH; reflexivity ]. Qed.

Lemma every_map {A} (f : A -> bool) xs : every (fun x => x) (map f xs) = every f xs.
Proof. induction xs as [ | x xs IH ]; simpl; [ reflexivity | rewrite IH; reflexivity ]. Qed.

Lemma some_map {A} (f : A -> bool) xs : some (fun x => x) (map f xs) = some f xs.
Proof. induction xs as [ | x xs IH ]; simpl; [ reflexivity | rewrite IH; reflexivity ]. Qed.

Lemma map_const_worlds {A} (x : A) frame entry : map (fun _ => x) frame = map (fun _ => x) (worlds_of frame entry).
Proof. revert entry. induction frame as [ | b frame IH ]; intros entry; simpl; [ reflexivity | f_equal; apply IH ]. Qed.

Lemma entry_is_column frame entry n : same_length frame (entry n) = true -> entry n = map (fun v : FiniteModels.valuation => v n) (worlds_of frame entry).
Proof.
  revert entry. induction frame as [ | b frame IH ]; intros entry; simpl.
  - destruct (entry n); [ reflexivity | discriminate ].
  - destruct (entry n) as [ | x v ] eqn:E; [ discriminate | ]. intros L. f_equal.
    specialize (IH (fun n => match entry n with _ :: v => v | [] => [] end)). simpl in IH. rewrite E in IH. exact (IH L).
Qed.

Lemma same_length_map {A} (f : bool -> bool) frame : A -> same_length frame (map f frame) = true.
Proof. intros _. induction frame; simpl; auto. Qed.

Definition full (frame : list bool) (vs : vectors) : Prop := forall k v, find k vs = Some v -> same_length frame v = true.

Lemma index_full frame entries vs vs' : full frame vs -> index frame entries vs = Some vs' -> full frame vs'.
Proof.
  revert vs. induction entries as [ | [n v] entries IH ]; intros vs invariant; simpl.
  - intros E. injection E as <-. exact invariant.
  - destruct (same_length frame v) eqn:L; [ | discriminate ]. apply IH.
    destruct (find (key n) vs); [ exact invariant | ].
    intros k w found. apply find_insert in found. destruct found as [[_ ->] | found]; [ exact L | exact (invariant k w found) ].
Qed.

Lemma truths_truth frame vs f : full frame vs ->
  let ws := worlds_of frame (lookup frame vs) in truths frame vs f = map (fun v => truth ws v f) ws.
Proof.
  intros invariant ws.
  induction f as [ n | | | a IHa | a IHa b IHb | a IHa b IHb | a IHa b IHb | a IHa b IHb | a IHa | a IHa ]; simpl;
    rewrite ?IHa, ?IHb, ?map_map, ?map2_map, ?every_map, ?some_map; try reflexivity; try apply map_const_worlds.
  apply entry_is_column. unfold lookup. destruct (find (key n) vs) as [v | ] eqn:found.
  - exact (invariant _ _ found).
  - exact (same_length_map _ frame tt).
Qed.

Theorem check_model_sound goal m : check_model goal m = true -> ~ Prov goal.
Proof.
  unfold check_model. destruct (index (frame_of m) (Certificate.valuation m) Leaf) as [vs | ] eqn:indexed; [ | discriminate ].
  assert (invariant : full (frame_of m) vs) by (refine (index_full _ _ _ _ _ indexed); intros k v; discriminate).
  assert (spec := truths_truth (frame_of m) vs goal invariant). simpl in spec. rewrite spec. clear spec.
  set (ws := worlds_of (frame_of m) (lookup (frame_of m) vs)).
  destruct ws as [ | v ws' ] eqn:E; simpl; [ discriminate | ].
  destruct (truth (v :: ws') v goal) eqn:F; [ discriminate | ]. intros _ proof.
  refine (false_not_valid (v :: ws') v goal _ F (soundness goal proof)). left. reflexivity.
Qed.
