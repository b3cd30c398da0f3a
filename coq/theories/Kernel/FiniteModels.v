(** * Finite universal models

    A finite universal model is a list of valuations: its worlds are the list's members and every world sees every world. Truth is computed.
    S5 needs no other models (Meta/Completeness.v). *)

From PXL Require Import Kernel.Syntax Kernel.Kripke.

Definition valuation : Set := name -> bool.

Fixpoint member {A : Type} (x : A) (xs : list A) : Prop :=
  match xs with
  | nil => False
  | cons y ys => x = y \/ member x ys
  end.

Fixpoint every {A : Type} (p : A -> bool) (xs : list A) : bool :=
  match xs with
  | nil => true
  | cons x rest => if p x then every p rest else false
  end.

Fixpoint some {A : Type} (p : A -> bool) (xs : list A) : bool :=
  match xs with
  | nil => false
  | cons x rest => if p x then true else some p rest
  end.

Lemma every_spec {A} (p : A -> bool) xs : every p xs = true <-> (forall x, member x xs -> p x = true).
Proof.
  induction xs as [ | y ys IH ]; simpl.
  - split; [ intros _ x [] | reflexivity ].
  - destruct (p y) eqn:E; split.
    + intros H x [-> | x_in]; [ exact E | exact (proj1 IH H x x_in) ].
    + intros H. apply IH. intros x x_in. apply H. right. exact x_in.
    + discriminate.
    + intros H. rewrite <- E. apply H. left. reflexivity.
Qed.

Lemma some_spec {A} (p : A -> bool) xs : some p xs = true <-> (exists x, member x xs /\ p x = true).
Proof.
  induction xs as [ | y ys IH ]; simpl.
  - split; [ discriminate | intros [x [[] _]] ].
  - destruct (p y) eqn:E; split.
    + intros _. exists y. split; [ left; reflexivity | exact E ].
    + reflexivity.
    + intros H. destruct (proj1 IH H) as [x [x_in px]]. exists x. split; [ right; exact x_in | exact px ].
    + intros [x [[-> | x_in] px]]; [ rewrite E in px; discriminate | ]. apply IH. exists x. split; assumption.
Qed.

(** Truth of a formula in the world [v] of the model [ws]. *)
Fixpoint truth (ws : list valuation) (v : valuation) (f : formula) : bool :=
  match f with
  | Atom n => v n
  | Bot => false
  | Top => true
  | Not a => negb (truth ws v a)
  | And a b => if truth ws v a then truth ws v b else false
  | Or a b => if truth ws v a then true else truth ws v b
  | Imp a b => if truth ws v a then truth ws v b else true
  | Iff a b => if truth ws v a then truth ws v b else negb (truth ws v b)
  | Box a => every (fun u => truth ws u a) ws
  | Dia a => some (fun u => truth ws u a) ws
  end.

Definition universal_model (ws : list valuation) : model :=
  {| world := { v : valuation | member v ws };
     sees := fun _ _ => True;
     true_at := fun w n => proj1_sig w n = true |}.

Lemma universal_equivalence ws : equivalence_frame (universal_model ws).
Proof. repeat split. Qed.

Lemma truth_satisfies ws f (w : world (universal_model ws)) :
  truth ws (proj1_sig w) f = true <-> satisfies (universal_model ws) w f.
Proof.
  revert w.
  induction f as [ n | | | a IHa | a IHa b IHb | a IHa b IHb | a IHa b IHb | a IHa b IHb | a IHa | a IHa ];
    intros w; simpl.
  1-3: intuition discriminate.
  1-5: specialize (IHa w); try specialize (IHb w);
    destruct (truth ws (proj1_sig w) a); try destruct (truth ws (proj1_sig w) b); simpl; intuition discriminate.
  - apply (iff_trans (every_spec _ _)). split.
    + intros H v _. apply IHa. apply H. exact (proj2_sig v).
    + intros H v v_in. apply (IHa (exist _ v v_in)). apply H. exact I.
  - apply (iff_trans (some_spec _ _)). split.
    + intros [v [v_in H]]. exists (exist _ v v_in). split; [ exact I | ]. apply IHa. exact H.
    + intros [v [_ H]]. exists (proj1_sig v). split; [ exact (proj2_sig v) | ]. apply IHa. exact H.
Qed.

Lemma universal_excluded_middle ws : excluded_middle (universal_model ws).
Proof.
  intros f w. destruct (truth ws (proj1_sig w) f) eqn:E.
  - left. apply truth_satisfies. exact E.
  - right. intros H. apply truth_satisfies in H. rewrite E in H. discriminate.
Qed.

(** One world in which [f] is false, and [f] is not valid. *)
Lemma false_not_valid ws v f : member v ws -> truth ws v f = false -> ~ valid f.
Proof.
  intros v_in false_here f_valid.
  specialize (f_valid _ (universal_equivalence ws) (universal_excluded_middle ws) (exist _ v v_in)).
  apply truth_satisfies in f_valid. simpl in f_valid. rewrite false_here in f_valid. discriminate.
Qed.
