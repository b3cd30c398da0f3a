(** * Steps: what each rule derives, and why it is provable

    One function and one soundness lemma for each rule; the replay (Replay.v) knows no rule.

    [Rup] after Cruz-Filipe, Heule, Hunt, Kaufmann and Schneider-Kamp, "Efficient Certified RAT Verification" (CADE 2017). *)

From PXL Require Import Kernel.Syntax Kernel.Provability.
From PXL Require Import Checker.Certificate Checker.Trie Checker.Derived Checker.Equality Checker.Nodes.

(** Clauses derived so far. Invariant: each is provable. *)
Definition database : Set := trie clause.

Definition all_provable (t : table) (db : database) : Prop := forall n c, find n db = Some c -> provable t c.

(** ** Unit propagation

    Invariant of an assignment under the assumption [h]: each value that it gives is provable from [h]. *)

Definition assignment : Set := trie bool.

Definition assign_true (l : literal) (a : assignment) : assignment :=
  match l with Holds n => insert n true a | Fails n => insert n false a end.

Definition assign_false (l : literal) (a : assignment) : assignment :=
  match l with Holds n => insert n false a | Fails n => insert n true a end.

Definition value (l : literal) (a : assignment) : option bool :=
  match l with
  | Holds n => find n a
  | Fails n => match find n a with Some b => Some (negb b) | None => None end
  end.

(** What a clause says under an assignment. *)
Inductive reading : Set := Conflict | Unit (l : literal) | Useless.

Fixpoint read (c : clause) (a : assignment) (pending : option literal) : reading :=
  match c with
  | [] => match pending with None => Conflict | Some l => Unit l end
  | l :: c =>
      match value l a with
      | Some true => Useless
      | Some false => read c a pending
      | None =>
          match pending with
          | None => read c a (Some l)
          | Some l' => if literal_eqb l l' then read c a pending else Useless
          end
      end
  end.

Fixpoint propagate (db : database) (hints : list positive) (a : assignment) : bool :=
  match hints with
  | [] => false
  | hint :: hints =>
      match find hint db with
      | None => false
      | Some c =>
          match read c a None with
          | Conflict => true
          | Unit l => propagate db hints (assign_true l a)
          | Useless => false
          end
      end
  end.

Fixpoint assume_false (c : clause) (a : assignment) : assignment :=
  match c with
  | [] => a
  | l :: c => assume_false c (assign_false l a)
  end.

Definition rup (db : database) (c : clause) (hints : list positive) : bool :=
  propagate db hints (assume_false c Leaf).

Section Propagation.
  Context (t : table) (h : formula).

  Definition implied (n : positive) (b : bool) : Prop :=
    Prov (Imp h (if b then meaning t n else Not (meaning t n))).

  Definition all_implied (a : assignment) : Prop := forall n b, find n a = Some b -> implied n b.

  Lemma insert_implied n b a : all_implied a -> implied n b -> all_implied (insert n b a).
  Proof. intros invariant new m b' found. apply find_insert in found. destruct found as [[-> ->] | found]; auto. Qed.

  Lemma assign_true_implied l a : all_implied a -> Prov (Imp h (holds t l)) -> all_implied (assign_true l a).
  Proof. intros invariant. destruct l as [n | n]; [ apply (insert_implied n true) | apply (insert_implied n false) ]; exact invariant. Qed.

  Lemma assign_false_implied l a : all_implied a -> Prov (Imp h (fails t l)) -> all_implied (assign_false l a).
  Proof. intros invariant. destruct l as [n | n]; [ apply (insert_implied n false) | apply (insert_implied n true) ]; exact invariant. Qed.

  Lemma value_false l a : all_implied a -> value l a = Some false -> Prov (Imp h (fails t l)).
  Proof.
    intros invariant. destruct l as [n | n]; simpl.
    - apply invariant.
    - destruct (find n a) as [[|] | ] eqn:E; try discriminate. intros _. exact (invariant n true E).
  Qed.

  Lemma absurd_unit l : Prov (Imp (And h (fails t l)) Bot) -> Prov (Imp h (holds t l)).
  Proof. destruct l; [ apply prove_by_refuting | apply refute_by_assuming ]. Qed.

  (** The pending literal is the only one of the clause that [h] may leave to hold. *)
  Lemma read_sound c a pending h' :
    all_implied a -> Prov (Imp h' h) ->
    match pending with None => True | Some l => Prov (Imp h' (fails t l)) end ->
    match read c a pending with
    | Conflict => Prov (Imp h' (all_fail t c))
    | Unit l => Prov (Imp h' (fails t l)) -> Prov (Imp h' (all_fail t c))
    | Useless => True
    end.
  Proof.
    intros invariant h'_h. revert pending. induction c as [ | l c IH ]; intros pending pending_fails; simpl.
    - destruct pending; [ intros _ | ]; apply weaken, top_intro.
    - assert (add : Prov (Imp h' (fails t l)) -> Prov (Imp h' (all_fail t c)) -> Prov (Imp h' (And (all_fail t c) (fails t l))))
        by (intros; apply under_and; assumption).
      destruct (value l a) as [[|] | ] eqn:V; [ exact I | | ].
      + specialize (IH pending pending_fails).
        assert (l_fails : Prov (Imp h' (fails t l))) by (apply (imp_chain _ h); [ exact h'_h | exact (value_false l a invariant V) ]).
        destruct (read c a pending); [ | intros unit_fails | exact I ]; auto.
      + destruct pending as [l' | ].
        * destruct (literal_eqb l l') eqn:E; [ | exact I ]. apply literal_eqb_eq in E. subst l'.
          specialize (IH (Some l) pending_fails). destruct (read c a (Some l)); [ | intros unit_fails | exact I ]; auto.
        * destruct (read c a (Some l)) as [ | k | ] eqn:R; [ | | exact I ].
          -- exfalso. clear - R. revert R. generalize l at 1. induction c as [ | k c IH ]; simpl; [ discriminate | ].
             intros p. destruct (value k a) as [[|] | ]; [ discriminate | apply IH | ].
             destruct (literal_eqb k p); [ apply IH | discriminate ].
          -- intros k_fails.
             assert (same : k = l).
             { clear - R. revert R. induction c as [ | m c IH ]; simpl; [ congruence | ].
               destruct (value m a) as [[|] | ]; [ discriminate | exact IH | ].
               destruct (literal_eqb m l); [ exact IH | discriminate ]. }
             subst k. specialize (IH (Some l) k_fails). rewrite R in IH. auto.
  Qed.

  Lemma propagate_sound db hints a : all_provable t db -> all_implied a -> propagate db hints a = true -> Prov (Imp h Bot).
  Proof.
    intros db_provable. revert a. induction hints as [ | hint hints IH ]; intros a invariant; simpl; [ discriminate | ].
    destruct (find hint db) as [c | ] eqn:found; [ | discriminate ]. apply db_provable in found.
    destruct (read c a None) as [ | l | ] eqn:R; [ intros _ | | discriminate ].
    - assert (S := read_sound c a None h invariant (assumed h) I). rewrite R in S.
      exact (imp_chain _ _ _ S found).
    - apply IH. apply assign_true_implied; [ exact invariant | ]. apply absurd_unit.
      assert (S := read_sound c a None (And h (fails t l)) invariant (and_left _ _) I). rewrite R in S.
      exact (imp_chain _ _ _ (S (and_right _ _)) found).
  Qed.

  Lemma assume_false_implied c a : Prov (Imp h (all_fail t c)) -> all_implied a -> all_implied (assume_false c a).
  Proof.
    revert a. induction c as [ | l c IH ]; intros a; simpl; [ auto | ].
    intros h_fails invariant. apply IH.
    - apply (imp_chain _ _ _ h_fails), and_left.
    - apply assign_false_implied; [ exact invariant | ]. apply (imp_chain _ _ _ h_fails), and_right.
  Qed.
End Propagation.

Theorem rup_sound t db c hints : all_provable t db -> rup db c hints = true -> provable t c.
Proof.
  intros db_provable. apply (propagate_sound t _ db hints _ db_provable).
  apply assume_false_implied; [ apply assumed | ]. intros n b. discriminate.
Qed.

(** ** Necessitation

    The logic's parameter: which literals may stand beside the necessitated one. In S5, modal nodes and their negations. *)

Definition rigid (t : table) (l : literal) : bool :=
  match l with
  | Holds n | Fails n => match find n t with Some (NBox _, _) | Some (NDia _, _) => true | _ => false end
  end.

(** [c] without [x], when all the rest is rigid. *)
Fixpoint rigid_rest (t : table) (x : literal) (c : clause) : option clause :=
  match c with
  | [] => Some []
  | l :: c =>
      match rigid_rest t x c with
      | None => None
      | Some rest => if literal_eqb l x then Some rest else if rigid t l then Some (l :: rest) else None
      end
  end.

(** From [M ∨ a] to [M ∨ □ a]; from [M ∨ ¬ a] to [M ∨ ¬ ◇ a]. *)
Definition necessitate (t : table) (c : clause) (n : positive) : option clause :=
  match find n t with
  | Some (NBox a, _) => match rigid_rest t (Holds a) c with Some rest => Some (Holds n :: rest) | None => None end
  | Some (NDia a, _) => match rigid_rest t (Fails a) c with Some rest => Some (Fails n :: rest) | None => None end
  | _ => None
  end.

Lemma rigid_necessary t l : spells_out t -> rigid t l = true -> Prov (Imp (fails t l) (Box (fails t l))).
Proof.
  intros invariant. destruct l as [n | n]; simpl; unfold meaning;
    destruct (find n t) as [[d f] | ] eqn:found; try discriminate;
    destruct d as [ s | | | a | a b | a b | a b | a b | a | a ]; try discriminate; intros _;
    assert (spelled := invariant _ _ _ found); simpl in spelled; apply over1_meaning in spelled; subst f;
    [ apply rigid_not_box | apply rigid_not_dia | apply rigid_box | apply rigid_dia ].
Qed.

Lemma rigid_rest_necessary t x c rest : spells_out t -> rigid_rest t x c = Some rest ->
  Prov (Imp (all_fail t rest) (Box (all_fail t rest))).
Proof.
  intros invariant. revert rest. induction c as [ | l c IH ]; intros rest; simpl.
  - intros E. injection E as <-. simpl. apply weaken, necessitation, top_intro.
  - destruct (rigid_rest t x c) as [rest' | ]; [ | discriminate ]. destruct (literal_eqb l x).
    + intros E. injection E as <-. apply IH. reflexivity.
    + destruct (rigid t l) eqn:R; [ | discriminate ]. intros E. injection E as <-. simpl.
      apply (under_mp _ (Box (fails t l))).
      * apply (under_mp1 _ (Box (all_fail t rest'))); [ apply box_and | ].
        apply (imp_chain _ (all_fail t rest')); [ apply and_left | apply IH; reflexivity ].
      * apply (imp_chain _ (fails t l)); [ apply and_right | exact (rigid_necessary t l invariant R) ].
Qed.

Lemma rigid_rest_fails t x c rest h : rigid_rest t x c = Some rest ->
  Prov (Imp h (all_fail t rest)) -> Prov (Imp h (fails t x)) -> Prov (Imp h (all_fail t c)).
Proof.
  intros E rest_fails x_fails. revert rest E rest_fails. induction c as [ | l c IH ]; intros rest; simpl.
  - intros _ _. apply weaken, top_intro.
  - destruct (rigid_rest t x c) as [rest' | ]; [ | discriminate ]. destruct (literal_eqb l x) eqn:L.
    + intros E rest_fails. injection E as <-. apply literal_eqb_eq in L. subst l.
      apply under_and; [ exact (IH rest' eq_refl rest_fails) | exact x_fails ].
    + destruct (rigid t l); [ | discriminate ]. intros E rest_fails. injection E as <-. simpl in rest_fails.
      apply under_and.
      * apply (IH rest' eq_refl). apply (imp_chain _ _ _ rest_fails), and_left.
      * apply (imp_chain _ _ _ rest_fails), and_right.
Qed.

Theorem necessitate_sound t c n c' : spells_out t -> provable t c -> necessitate t c n = Some c' -> provable t c'.
Proof.
  intros invariant c_provable. unfold necessitate.
  destruct (find n t) as [[d f] | ] eqn:found; [ | discriminate ].
  assert (spelled := invariant n d f found).
  assert (n_means : meaning t n = f) by (unfold meaning; rewrite found; reflexivity).
  destruct d as [ s | | | a | a b | a b | a b | a b | a | a ]; try discriminate;
    simpl in spelled; apply over1_meaning in spelled; subst f.
  - destruct (rigid_rest t (Holds a) c) as [rest | ] eqn:R; [ | discriminate ]. intros E. injection E as <-.
    unfold provable. simpl. rewrite n_means.
    apply (contradiction _ (Box (meaning t a))); [ project | ].
    apply (imp_chain _ (Box (all_fail t rest))).
    + apply (imp_chain _ (all_fail t rest)); [ apply and_left | exact (rigid_rest_necessary t _ c rest invariant R) ].
    + apply box_monotone, prove_by_refuting. refine (imp_chain _ _ _ _ c_provable).
      apply (rigid_rest_fails t _ c rest _ R); simpl; project.
  - destruct (rigid_rest t (Fails a) c) as [rest | ] eqn:R; [ | discriminate ]. intros E. injection E as <-.
    unfold provable. simpl. rewrite n_means.
    apply (contradiction _ (Dia (meaning t a))); [ | project ].
    apply (imp_chain _ (Box (Not (meaning t a)))); [ | apply not_dia_iff_box_not ].
    apply (imp_chain _ (Box (all_fail t rest))).
    + apply (imp_chain _ (all_fail t rest)); [ apply and_left | exact (rigid_rest_necessary t _ c rest invariant R) ].
    + apply box_monotone, refute_by_assuming. refine (imp_chain _ _ _ _ c_provable).
      apply (rigid_rest_fails t _ c rest _ R); simpl; project.
Qed.

(** ** One step *)

Definition check_step (t : table) (db : database) (s : step) : option clause :=
  match s with
  | Def n k => match find n t with Some (d, _) => definitional_clause n d k | None => None end
  | Rup c hints => if rup db c hints then Some c else None
  | Nec c n => match find c db with Some c => necessitate t c n | None => None end
  end.

Theorem check_step_sound t db s c : spells_out t -> all_provable t db -> check_step t db s = Some c -> provable t c.
Proof.
  intros invariant db_provable. destruct s as [n k | c' hints | c' n]; simpl.
  - destruct (find n t) as [[d f] | ] eqn:found; [ | discriminate ]. exact (definitional_clause_provable t n d f k c invariant found).
  - destruct (rup db c' hints) eqn:R; [ | discriminate ]. intros E. injection E as <-. exact (rup_sound t db c' hints db_provable R).
  - destruct (find c' db) as [c'' | ] eqn:found; [ | discriminate ]. apply db_provable in found.
    exact (necessitate_sound t c'' n c invariant found).
Qed.
