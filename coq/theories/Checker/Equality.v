(** * Decidable equality of literals, names and formulas, fast in Coq's virtual machine *)

From Coq Require Import Init.Byte Numbers.BinNums.
From PXL Require Import Kernel.Syntax Checker.Certificate.

Definition bool_eqb (a b : bool) : bool := if a then b else negb b.

Lemma bool_eqb_eq a b : bool_eqb a b = true -> a = b.
Proof. destruct a, b; simpl; congruence. Qed.

Fixpoint positive_eqb (a b : positive) : bool :=
  match a, b with
  | xH, xH => true
  | xO a, xO b => positive_eqb a b
  | xI a, xI b => positive_eqb a b
  | _, _ => false
  end.

Lemma positive_eqb_eq a b : positive_eqb a b = true -> a = b.
Proof. revert b. induction a as [ a IH | a IH | ]; intros [ b | b | ]; simpl; try discriminate; intros E; try rewrite (IH b E); reflexivity. Qed.

Definition literal_eqb (k l : literal) : bool :=
  match k, l with
  | Holds m, Holds n => positive_eqb m n
  | Fails m, Fails n => positive_eqb m n
  | _, _ => false
  end.

Lemma literal_eqb_eq k l : literal_eqb k l = true -> k = l.
Proof. destruct k, l; simpl; try discriminate; intros E; apply positive_eqb_eq in E; congruence. Qed.

Definition byte_eqb (a b : byte) : bool :=
  let '(a0, (a1, (a2, (a3, (a4, (a5, (a6, a7))))))) := to_bits a in
  let '(b0, (b1, (b2, (b3, (b4, (b5, (b6, b7))))))) := to_bits b in
  if bool_eqb a0 b0 then if bool_eqb a1 b1 then if bool_eqb a2 b2 then if bool_eqb a3 b3 then
  if bool_eqb a4 b4 then if bool_eqb a5 b5 then if bool_eqb a6 b6 then bool_eqb a7 b7
  else false else false else false else false else false else false else false.

Lemma byte_eqb_eq a b : byte_eqb a b = true -> a = b.
Proof.
  unfold byte_eqb. intros E. rewrite <- (of_bits_to_bits a), <- (of_bits_to_bits b).
  destruct (to_bits a) as (a0 & a1 & a2 & a3 & a4 & a5 & a6 & a7), (to_bits b) as (b0 & b1 & b2 & b3 & b4 & b5 & b6 & b7).
  repeat match type of E with
         | (if bool_eqb ?x ?y then _ else _) = true =>
             let D := fresh in destruct (bool_eqb x y) eqn:D; [ apply bool_eqb_eq in D; subst x | discriminate ]
         end.
  apply bool_eqb_eq in E. subst a7. reflexivity.
Qed.

Fixpoint name_eqb (m n : name) : bool :=
  match m, n with
  | NameEnd, NameEnd => true
  | NameByte a m, NameByte b n => if byte_eqb a b then name_eqb m n else false
  | _, _ => false
  end.

Lemma name_eqb_eq m n : name_eqb m n = true -> m = n.
Proof.
  revert n. induction m as [ | a m IH ]; intros [ | b n ]; simpl; try discriminate; [ reflexivity | ].
  destruct (byte_eqb a b) eqn:E; [ | discriminate ].
  intros E'. rewrite (byte_eqb_eq a b E), (IH n E'). reflexivity.
Qed.

Fixpoint formula_eqb (f g : formula) : bool :=
  match f, g with
  | Atom m, Atom n => name_eqb m n
  | Bot, Bot => true
  | Top, Top => true
  | Not a, Not b => formula_eqb a b
  | And a b, And c d => if formula_eqb a c then formula_eqb b d else false
  | Or a b, Or c d => if formula_eqb a c then formula_eqb b d else false
  | Imp a b, Imp c d => if formula_eqb a c then formula_eqb b d else false
  | Iff a b, Iff c d => if formula_eqb a c then formula_eqb b d else false
  | Box a, Box b => formula_eqb a b
  | Dia a, Dia b => formula_eqb a b
  | _, _ => false
  end.

Lemma formula_eqb_eq f g : formula_eqb f g = true -> f = g.
Proof.
  revert g. induction f as [ n | | | a IHa | a IHa b IHb | a IHa b IHb | a IHa b IHb | a IHa b IHb | a IHa | a IHa ];
    intros [ m | | | c | c d | c d | c d | c d | c | c ]; simpl; try discriminate; try reflexivity; intros E.
  - rewrite (name_eqb_eq _ _ E). reflexivity.
  - rewrite (IHa _ E). reflexivity.
  - destruct (formula_eqb a c) eqn:A; [ | discriminate ]. rewrite (IHa _ A), (IHb _ E). reflexivity.
  - destruct (formula_eqb a c) eqn:A; [ | discriminate ]. rewrite (IHa _ A), (IHb _ E). reflexivity.
  - destruct (formula_eqb a c) eqn:A; [ | discriminate ]. rewrite (IHa _ A), (IHb _ E). reflexivity.
  - destruct (formula_eqb a c) eqn:A; [ | discriminate ]. rewrite (IHa _ A), (IHb _ E). reflexivity.
  - rewrite (IHa _ E). reflexivity.
  - rewrite (IHa _ E). reflexivity.
Qed.

Lemma name_eqb_refl n : name_eqb n n = true.
Proof.
  induction n as [ | b n IH ]; simpl; [ reflexivity | ].
  replace (byte_eqb b b) with true by (destruct b; reflexivity). exact IH.
Qed.

Lemma formula_eqb_refl f : formula_eqb f f = true.
Proof.
  induction f as [ n | | | a IHa | a IHa b IHb | a IHa b IHb | a IHa b IHb | a IHa b IHb | a IHa | a IHa ]; simpl;
    rewrite ?IHa, ?IHb; try reflexivity. apply name_eqb_refl.
Qed.
