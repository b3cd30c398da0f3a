(** * Propositional reasoning by cases on an assignment

    Atoms and modal formulas are the variables ("basics") of a propositional reading of formulas. Kalmár's lemma: an assignment's literals prove every formula that it makes true,
    and refute every other; what follows from each assignment's literals is provable.

    After Kalmár (1935), as in Mendelson, "Introduction to Mathematical Logic", lemma 1.13. *)

From PXL Require Import Kernel.Syntax Kernel.Provability Kernel.FiniteModels.
From PXL Require Import Checker.Certificate Checker.Equality Checker.Derived.

Local Open Scope formula_scope.

Definition assignment : Set := formula -> bool.

(** Truth of [f] when modal formulas are taken as variables. *)
Fixpoint evaluate (v : assignment) (f : formula) : bool :=
  match f with
  | Atom _ | Box _ | Dia _ => v f
  | Bot => false
  | Top => true
  | Not a => negb (evaluate v a)
  | And a b => if evaluate v a then evaluate v b else false
  | Or a b => if evaluate v a then true else evaluate v b
  | Imp a b => if evaluate v a then evaluate v b else true
  | Iff a b => if evaluate v a then evaluate v b else negb (evaluate v b)
  end.

(** The variables of [f], those inside its modal subformulas included. *)
Fixpoint basics (f : formula) : list formula :=
  match f with
  | Atom _ => [f]
  | Bot | Top => []
  | Not a => basics a
  | And a b | Or a b | Imp a b | Iff a b => basics a ++ basics b
  | Box a | Dia a => f :: basics a
  end.

Definition included {A : Type} (xs ys : list A) : Prop := forall x, member x xs -> member x ys.

Lemma member_app {A} (x : A) xs ys : member x (xs ++ ys) <-> member x xs \/ member x ys.
Proof. induction xs as [ | y xs IH ]; simpl; [ tauto | ]. destruct IH. tauto. Qed.

Lemma included_app {A} (xs ys zs : list A) : included (xs ++ ys) zs -> included xs zs /\ included ys zs.
Proof. intros all. split; intros x x_in; apply all, member_app; tauto. Qed.

Lemma included_cons {A} (x : A) xs ys : included (x :: xs) ys -> member x ys /\ included xs ys.
Proof. intros all. split; [ apply all; left; reflexivity | intros y y_in; apply all; right; exact y_in ]. Qed.

(** ** The literals of an assignment *)

Definition literal_of (v : assignment) (p : formula) : formula := if v p then p else ¬ p.

Fixpoint literals_of (v : assignment) (ps : list formula) : formula :=
  match ps with
  | [] => ⊤
  | p :: ps => literals_of v ps ∧ literal_of v p
  end.

Lemma literals_prove_each v ps p : member p ps -> Prov (literals_of v ps → literal_of v p).
Proof.
  induction ps as [ | q ps IH ]; simpl; [ intros [] | ].
  intros [-> | p_in]; [ apply and_right | apply (imp_chain _ (literals_of v ps)); [ apply and_left | exact (IH p_in) ] ].
Qed.

Lemma literals_from_each h v ps : (forall p, member p ps -> Prov (h → literal_of v p)) -> Prov (h → literals_of v ps).
Proof.
  induction ps as [ | q ps IH ]; simpl; intros each.
  - apply weaken, top_intro.
  - apply under_and; [ apply IH; intros p p_in | ]; apply each; auto.
Qed.

Theorem kalmar v ps f : included (basics f) ps -> Prov (literals_of v ps → if evaluate v f then f else ¬ f).
Proof.
  set (h := literals_of v ps).
  assert (basic : forall p, member p ps -> Prov (h → if v p then p else ¬ p)) by (intros p; apply literals_prove_each).
  induction f as [ n | | | a IHa | a IHa b IHb | a IHa b IHb | a IHa b IHb | a IHa b IHb | a IHa | a IHa ]; simpl; intros inside.
  1, 9, 10: apply basic, inside; left; reflexivity.
  - apply refute_by_assuming, and_right.
  - apply weaken, top_intro.
  - specialize (IHa inside). destruct (evaluate v a); simpl; [ | exact IHa ].
    apply refute_by_assuming, (contradiction _ a); [ apply and_right | ]. apply (imp_chain _ h); [ apply and_left | exact IHa ].
  - apply included_app in inside. destruct inside as [inside_a inside_b]. specialize (IHa inside_a). specialize (IHb inside_b).
    destruct (evaluate v a); [ destruct (evaluate v b) | ].
    + apply under_and; assumption.
    + apply (imp_chain _ _ _ IHb), contraposition, and_right.
    + apply (imp_chain _ _ _ IHa), contraposition, and_left.
  - apply included_app in inside. destruct inside as [inside_a inside_b]. specialize (IHa inside_a). specialize (IHb inside_b).
    destruct (evaluate v a); [ | destruct (evaluate v b) ].
    + apply (imp_chain _ _ _ IHa), or_left.
    + apply (imp_chain _ _ _ IHb), or_right.
    + apply refute_by_assuming, (or_absurd _ a b); [ apply and_right | | ]; apply (imp_chain _ h); try apply and_left; assumption.
  - apply included_app in inside. destruct inside as [inside_a inside_b]. specialize (IHa inside_a). specialize (IHb inside_b).
    destruct (evaluate v a); [ destruct (evaluate v b) | ].
    + apply imp_from_proved, IHb.
    + apply refute_by_assuming, (contradiction _ b); [ apply (imp_chain _ h); [ apply and_left | exact IHb ] | ].
      apply (under_mp _ a); [ apply and_right | apply (imp_chain _ h); [ apply and_left | exact IHa ] ].
    + apply imp_from_refuted, IHa.
  - apply included_app in inside. destruct inside as [inside_a inside_b]. specialize (IHa inside_a). specialize (IHb inside_b).
    destruct (evaluate v a), (evaluate v b); simpl.
    + apply under_iff; apply imp_from_proved; assumption.
    + apply refute_by_assuming, (contradiction _ b); [ apply (imp_chain _ h); [ apply and_left | exact IHb ] | ].
      apply (under_mp _ a); [ apply (under_mp1 _ (a ↔ b)); [ apply iff_left | apply and_right ] | ].
      apply (imp_chain _ h); [ apply and_left | exact IHa ].
    + apply refute_by_assuming, (contradiction _ a); [ apply (imp_chain _ h); [ apply and_left | exact IHa ] | ].
      apply (under_mp _ b); [ apply (under_mp1 _ (a ↔ b)); [ apply iff_right | apply and_right ] | ].
      apply (imp_chain _ h); [ apply and_left | exact IHb ].
    + apply under_iff; apply imp_from_refuted; assumption.
Qed.

(** ** All assignments of a list of variables *)

Definition update (v : assignment) (p : formula) (b : bool) : assignment := fun q => if formula_eqb q p then b else v q.

Fixpoint with_both (p : formula) (vs : list assignment) : list assignment :=
  match vs with
  | [] => []
  | v :: vs => update v p true :: update v p false :: with_both p vs
  end.

Fixpoint assignments (ps : list formula) : list assignment :=
  match ps with
  | [] => [fun _ => false]
  | p :: ps => with_both p (assignments ps)
  end.

Lemma with_both_member p v b vs : member v vs -> member (update v p b) (with_both p vs).
Proof.
  induction vs as [ | u vs IH ]; simpl; [ intros [] | ].
  intros [-> | v_in]; [ destruct b; auto | right; right; exact (IH v_in) ].
Qed.

Lemma by_cases h p a : Prov (h ∧ p → a) -> Prov (h ∧ ¬ p → a) -> Prov (h → a).
Proof.
  intros yes no. apply prove_by_refuting.
  apply (contradiction _ p).
  - apply refute_by_assuming. apply (contradiction _ a).
    + apply (imp_chain _ (h ∧ ¬ a)); [ apply and_left | apply and_right ].
    + refine (imp_chain _ _ _ _ yes). apply under_and; [ | apply and_right ].
      apply (imp_chain _ (h ∧ ¬ a)); apply and_left.
  - apply prove_by_refuting. apply (contradiction _ a).
    + apply (imp_chain _ (h ∧ ¬ a)); [ apply and_left | apply and_right ].
    + refine (imp_chain _ _ _ _ no). apply under_and; [ | apply and_right ].
      apply (imp_chain _ (h ∧ ¬ a)); apply and_left.
Qed.

Lemma literals_of_update v p (b : bool) ps :
  Prov (literals_of v ps ∧ (if b then p else ¬ p) → literals_of (update v p b) ps).
Proof.
  apply literals_from_each. intros q q_in. unfold literal_of, update.
  destruct (formula_eqb q p) eqn:E.
  - apply formula_eqb_eq in E. subst q. apply and_right.
  - apply (imp_chain _ (literals_of v ps)); [ apply and_left | exact (literals_prove_each v ps q q_in) ].
Qed.

(** What every assignment's literals prove is provable. *)
Theorem provable_by_assignments ps a :
  (forall v, member v (assignments ps) -> Prov (literals_of v ps → a)) -> Prov a.
Proof.
  induction ps as [ | p ps IH ]; simpl; intros every_case.
  - apply (modus_ponens _ _ (every_case _ (or_introl eq_refl))), top_intro.
  - apply IH. intros v v_in.
    assert (branch : forall b : bool, Prov (literals_of v ps ∧ (if b then p else ¬ p) → a)).
    { intros b. refine (imp_chain _ _ _ _ (every_case (update v p b) (with_both_member p v b _ v_in))).
      apply under_and; [ apply literals_of_update | ].
      unfold literal_of, update. rewrite formula_eqb_refl. apply and_right. }
    exact (by_cases _ p _ (branch true) (branch false)).
Qed.
