(** * Soundness: what is provable is valid

    By induction on the derivation. Excluded middle is used by double negation and by duality only. *)

From PXL Require Import Kernel.Syntax Kernel.Provability Kernel.Kripke.

Theorem soundness f : Prov f -> valid f.
Proof.
  intros proof M frame classical.
  destruct frame as [reflexive [symmetric transitive]].
  induction proof as
    [ | | | | | | | | | | | | | | | a | | | | | a | a b _ IHab _ IHa | a _ IHa ];
    intros w; simpl in *.
  (* the axioms that hold by Coq's own logic *)
  1-15: tauto.
  - (* double negation *)
    destruct (classical a w) as [yes | no]; [ intros _; exact yes | intros twice; exfalso; exact (twice no) ].
  - (* K *)
    intros box_imp box_a v w_v. exact (box_imp v w_v (box_a v w_v)).
  - (* T *)
    intros box_a. exact (box_a w (reflexive w)).
  - (* 4 *)
    intros box_a v w_v u v_u. exact (box_a u (transitive w v u w_v v_u)).
  - (* 5 *)
    intros [v [w_v sat_v]] u w_u. exists v. split; [ | exact sat_v ].
    exact (transitive u w v (symmetric w u w_u) w_v).
  - (* duality *)
    split.
    + intros [v [w_v sat_v]] never. exact (never v w_v sat_v).
    + intros not_never. destruct (classical (Dia a) w) as [yes | no]; [ exact yes | ].
      exfalso. apply not_never. intros v w_v sat_v. apply no. exists v. split; assumption.
  - (* modus ponens *)
    exact (IHab w (IHa w)).
  - (* necessitation *)
    intros v _. exact (IHa v).
Qed.
