(** * Completeness and the finite model property

    Take all assignments of the goal's variables (atoms and modal subformulas). An assignment is a candidate world when it obeys axiom T; two candidates belong to one cluster when
    they agree on the modal formulas; a cluster is fulfilled when each modal formula's claim has its witness in it. The candidates of a fulfilled cluster are the worlds of a
    universal model. An assignment that is no candidate, or whose cluster is not fulfilled, is refuted in the Hilbert system. So the goal is either provable, or false in
    a world of a finite universal model; and which, is computed.

    Pratt's elimination of Hintikka sets ("Models of program logics", 1979), of which S5 needs one round only; constructive in the manner of Doczkal and Smolka (JAR 2016). *)

From PXL Require Import Kernel.Syntax Kernel.Provability Kernel.Kripke Kernel.Soundness Kernel.FiniteModels.
From PXL Require Import Checker.Certificate Checker.Equality Checker.Derived Meta.Assignments.

Local Open Scope formula_scope.

Fixpoint filter {A : Type} (p : A -> bool) (xs : list A) : list A :=
  match xs with
  | [] => []
  | x :: xs => if p x then x :: filter p xs else filter p xs
  end.

Lemma filter_member {A} (p : A -> bool) x xs : member x (filter p xs) <-> member x xs /\ p x = true.
Proof.
  induction xs as [ | y xs IH ]; simpl; [ tauto | ].
  destruct (p y) eqn:E; simpl; destruct IH as [there back]; split.
  - intros [-> | x_in]; [ tauto | destruct (there x_in); tauto ].
  - intros [[-> | x_in] px]; auto.
  - intros x_in. destruct (there x_in). tauto.
  - intros [[-> | x_in] px]; [ congruence | auto ].
Qed.

Lemma every_false {A} (p : A -> bool) xs : every p xs = false -> exists x, member x xs /\ p x = false.
Proof.
  induction xs as [ | y xs IH ]; simpl; [ discriminate | ].
  destruct (p y) eqn:E.
  - intros H. destruct (IH H) as [x [x_in px]]. exists x. auto.
  - intros _. exists y. auto.
Qed.

Lemma some_false {A} (p : A -> bool) xs x : some p xs = false -> member x xs -> p x = false.
Proof.
  intros none x_in. destruct (p x) eqn:E; [ | reflexivity ].
  rewrite (proj2 (some_spec p xs)) in none by (exists x; auto). discriminate.
Qed.

(** The modal formulas among the variables. *)
Definition modal (f : formula) : bool := match f with Box _ | Dia _ => true | _ => false end.

Section Goal.
  (** The variables of the goal. Invariant: with a modal formula they hold the variables of its body. *)
  Context (ps : list formula).
  Definition closed : Prop := forall p, member p ps -> included (basics p) ps.

  Definition modals : list formula := filter modal ps.

  (** Axiom T, and its dual. *)
  Definition reflexive_at (v : assignment) (m : formula) : bool :=
    match m with
    | Box a => if v m then evaluate v a else true
    | Dia a => if evaluate v a then v m else true
    | _ => true
    end.

  Definition candidate (v : assignment) : bool := every (reflexive_at v) modals.

  Definition agree (v u : assignment) : bool := every (fun m => bool_eqb (v m) (u m)) modals.

  Definition cluster (v : assignment) : list assignment :=
    filter (fun u => if agree v u then candidate u else false) (assignments ps).

  Definition witnessed (v : assignment) (m : formula) : bool :=
    match m with
    | Box a => if v m then true else some (fun u => negb (evaluate u a)) (cluster v)
    | Dia a => if v m then some (fun u => evaluate u a) (cluster v) else true
    | _ => true
    end.

  Definition fulfilled (v : assignment) : bool := every (witnessed v) modals.

  (** ** Refutation of what is no world *)

  Lemma not_candidate_refuted v : closed -> candidate v = false -> Prov (literals_of v ps → ⊥).
  Proof.
    intros is_closed bad. apply every_false in bad. destruct bad as [m [m_in bad]].
    apply filter_member in m_in. destruct m_in as [m_in _].
    assert (m_literal := literals_prove_each v ps m m_in). unfold literal_of in m_literal.
    assert (inside := is_closed m m_in).
    destruct m as [ | | | | | | | | a | a ]; simpl in bad; try discriminate; apply included_cons in inside; destruct inside as [_ inside];
      assert (body := kalmar v ps a inside).
    - destruct (v (Box a)); [ | discriminate ]. rewrite bad in body.
      apply (contradiction _ a); [ exact body | apply (under_mp1 _ (□ a)); [ apply axiom_T | exact m_literal ] ].
    - destruct (evaluate v a); [ | discriminate ]. rewrite bad in m_literal.
      apply (contradiction _ (◇ a)); [ exact m_literal | apply (under_mp1 _ a); [ apply dia_intro | exact body ] ].
  Qed.

  Lemma disagreeing_refuted v u : agree v u = false -> Prov (literals_of u ps ∧ literals_of v modals → ⊥).
  Proof.
    intros differ. apply every_false in differ. destruct differ as [m [m_in differ]].
    assert (v_literal := literals_prove_each v modals m m_in).
    apply filter_member in m_in. destruct m_in as [m_in _].
    assert (u_literal := literals_prove_each u ps m m_in).
    unfold literal_of in *. set (h := literals_of u ps ∧ literals_of v modals).
    apply (imp_chain h _ _ (and_right _ _)) in v_literal. apply (imp_chain h _ _ (and_left _ _)) in u_literal.
    destruct (v m), (u m); try discriminate; apply (contradiction _ m); assumption.
  Qed.

  Lemma modal_literals_rigid v : Prov (literals_of v modals → □ literals_of v modals).
  Proof.
    unfold modals. induction ps as [ | p qs IH ]; simpl.
    - apply weaken, necessitation, top_intro.
    - destruct (modal p) eqn:is_modal; [ simpl | exact IH ].
      set (rest := literals_of v (filter modal qs)) in *.
      apply (under_mp _ (□ literal_of v p)); [ apply (under_mp1 _ (□ rest)); [ apply box_and | ] | ].
      + apply (imp_chain _ rest); [ apply and_left | exact IH ].
      + apply (imp_chain _ (literal_of v p)); [ apply and_right | ]. unfold literal_of.
        destruct p; try discriminate; destruct (v _);
          [ apply rigid_box | apply rigid_not_box | apply rigid_dia | apply rigid_not_dia ].
  Qed.

  (** What holds in every member of a cluster follows from the cluster's modal literals. *)
  Lemma true_in_cluster v a :
    closed -> (forall u, member u (cluster v) -> Prov (literals_of u ps → a)) -> Prov (literals_of v modals → a).
  Proof.
    intros is_closed all. apply (provable_by_assignments ps). intros u u_in. apply curry.
    destruct (agree v u) eqn:A.
    - apply (imp_chain _ (literals_of u ps)); [ apply and_left | ].
      destruct (candidate u) eqn:C.
      + apply all, filter_member. rewrite A. auto.
      + apply (under_mp1 _ ⊥); [ apply bot_elim | exact (not_candidate_refuted u is_closed C) ].
    - apply (under_mp1 _ ⊥); [ apply bot_elim | exact (disagreeing_refuted v u A) ].
  Qed.

  Lemma modals_from_literals v : Prov (literals_of v ps → literals_of v modals).
  Proof. apply literals_from_each. intros m m_in. apply filter_member in m_in. apply literals_prove_each. tauto. Qed.

  Lemma not_fulfilled_refuted v : closed -> fulfilled v = false -> Prov (literals_of v ps → ⊥).
  Proof.
    intros is_closed bad. apply every_false in bad. destruct bad as [m [m_in bad]].
    apply filter_member in m_in. destruct m_in as [m_in _].
    assert (m_literal := literals_prove_each v ps m m_in). unfold literal_of in m_literal.
    assert (inside := is_closed m m_in).
    assert (necessary : forall b, Prov (literals_of v modals → b) -> Prov (literals_of v ps → □ b)).
    { intros b follows. apply (imp_chain _ (literals_of v modals)); [ apply modals_from_literals | ].
      apply (imp_chain _ (□ literals_of v modals)); [ apply modal_literals_rigid | apply box_monotone, follows ]. }
    destruct m as [ | | | | | | | | a | a ]; simpl in bad; try discriminate; apply included_cons in inside; destruct inside as [_ inside].
    - destruct (v (Box a)); [ discriminate | ].
      apply (contradiction _ (□ a)); [ exact m_literal | ]. apply necessary, (true_in_cluster v a is_closed).
      intros u u_in. assert (body := kalmar u ps a inside).
      assert (holds := some_false _ _ u bad u_in). simpl in holds. destruct (evaluate u a); [ exact body | discriminate ].
    - destruct (v (Dia a)); [ | discriminate ].
      apply (contradiction _ (◇ a)); [ | exact m_literal ].
      apply (under_mp1 _ (□ ¬ a)); [ apply not_dia_iff_box_not | ]. apply necessary, (true_in_cluster v (¬ a) is_closed).
      intros u u_in. assert (body := kalmar u ps a inside).
      assert (holds := some_false _ _ u bad u_in). simpl in holds. rewrite holds in body. exact body.
  Qed.

  (** ** The model of a fulfilled cluster *)

  Definition world_of (u : assignment) : FiniteModels.valuation := fun n => u (Atom n).

  Fixpoint worlds_of (us : list assignment) : list FiniteModels.valuation :=
    match us with [] => [] | u :: us => world_of u :: worlds_of us end.

  Lemma worlds_of_every us p : every p (worlds_of us) = every (fun u => p (world_of u)) us.
  Proof. induction us as [ | u us IH ]; simpl; [ reflexivity | rewrite IH; reflexivity ]. Qed.

  Lemma worlds_of_some us p : some p (worlds_of us) = some (fun u => p (world_of u)) us.
  Proof. induction us as [ | u us IH ]; simpl; [ reflexivity | rewrite IH; reflexivity ]. Qed.

  Lemma worlds_of_member u us : member u us -> member (world_of u) (worlds_of us).
  Proof. induction us as [ | x us IH ]; simpl; [ intros [] | intros [-> | u_in]; auto ]. Qed.

  Lemma every_same {A} (p q : A -> bool) xs : (forall x, member x xs -> p x = q x) -> every p xs = every q xs.
  Proof. induction xs as [ | x xs IH ]; simpl; intros same; [ reflexivity | rewrite same, IH by auto; reflexivity ]. Qed.

  Lemma some_same {A} (p q : A -> bool) xs : (forall x, member x xs -> p x = q x) -> some p xs = some q xs.
  Proof. induction xs as [ | x xs IH ]; simpl; intros same; [ reflexivity | rewrite same, IH by auto; reflexivity ]. Qed.

  Lemma cluster_member v u : member u (cluster v) -> agree v u = true /\ candidate u = true.
  Proof. unfold cluster. intros u_in. apply filter_member in u_in. destruct u_in as [_ u_in]. destruct (agree v u); [ auto | discriminate ]. Qed.

  Lemma agree_spec v u m : agree v u = true -> member m modals -> u m = v m.
  Proof. intros A m_in. symmetry. apply bool_eqb_eq. exact (proj1 (every_spec _ _) A m m_in). Qed.

  Lemma truth_lemma v : fulfilled v = true -> forall f u, included (basics f) ps -> member u (cluster v) ->
    truth (worlds_of (cluster v)) (world_of u) f = evaluate u f.
  Proof.
    intros is_fulfilled f.
    induction f as [ n | | | a IHa | a IHa b IHb | a IHa b IHb | a IHa b IHb | a IHa b IHb | a IHa | a IHa ];
      simpl; intros u inside u_in; try reflexivity;
      try (apply included_app in inside; destruct inside as [inside_a inside_b]; rewrite (IHa u inside_a u_in), (IHb u inside_b u_in); reflexivity);
      try (rewrite (IHa u inside u_in); reflexivity);
      apply included_cons in inside; destruct inside as [m_in inside];
      destruct (cluster_member v u u_in) as [agrees _].
    - assert (m_modal : member (Box a) modals) by (apply filter_member; auto).
      rewrite worlds_of_every, (every_same _ (fun w => evaluate w a)) by (intros w w_in; exact (IHa w inside w_in)).
      rewrite (agree_spec v u (Box a) agrees m_modal).
      assert (w := proj1 (every_spec _ _) is_fulfilled (Box a) m_modal). simpl in w.
      destruct (v (Box a)) eqn:V.
      + apply every_spec. intros x x_in. destruct (cluster_member v x x_in) as [x_agrees x_candidate].
        assert (r := proj1 (every_spec _ _) x_candidate (Box a) m_modal). simpl in r.
        rewrite (agree_spec v x (Box a) x_agrees m_modal), V in r. exact r.
      + apply some_spec in w. destruct w as [x [x_in fails]].
        destruct (every (fun w => evaluate w a) (cluster v)) eqn:E; [ | reflexivity ].
        rewrite (proj1 (every_spec _ _) E x x_in) in fails. discriminate.
    - assert (m_modal : member (Dia a) modals) by (apply filter_member; auto).
      rewrite worlds_of_some, (some_same _ (fun w => evaluate w a)) by (intros w w_in; exact (IHa w inside w_in)).
      rewrite (agree_spec v u (Dia a) agrees m_modal).
      assert (w := proj1 (every_spec _ _) is_fulfilled (Dia a) m_modal). simpl in w.
      destruct (v (Dia a)) eqn:V; [ exact w | ].
      destruct (some (fun w => evaluate w a) (cluster v)) eqn:E; [ | reflexivity ].
      apply some_spec in E. destruct E as [x [x_in holds]]. destruct (cluster_member v x x_in) as [x_agrees x_candidate].
      assert (r := proj1 (every_spec _ _) x_candidate (Dia a) m_modal). simpl in r.
      rewrite holds, (agree_spec v x (Dia a) x_agrees m_modal), V in r. discriminate.
  Qed.

  (** ** The decision *)

  Definition true_at_worlds (goal : formula) (v : assignment) : bool :=
    if candidate v then if fulfilled v then evaluate v goal else true else true.

  Definition decide_over (goal : formula) : bool := every (true_at_worlds goal) (assignments ps).

  Lemma decided_provable goal : closed -> included (basics goal) ps -> decide_over goal = true -> Prov goal.
  Proof.
    intros is_closed inside decided. apply (provable_by_assignments ps). intros v v_in.
    assert (here := proj1 (every_spec _ _) decided v v_in). unfold true_at_worlds in here.
    assert (absurd : Prov (literals_of v ps → ⊥) -> Prov (literals_of v ps → goal)) by (apply under_mp1, bot_elim).
    destruct (candidate v) eqn:C; [ | exact (absurd (not_candidate_refuted v is_closed C)) ].
    destruct (fulfilled v) eqn:F; [ | exact (absurd (not_fulfilled_refuted v is_closed F)) ].
    assert (body := kalmar v ps goal inside). rewrite here in body. exact body.
  Qed.

  Lemma decided_refuted goal : included (basics goal) ps -> decide_over goal = false ->
    exists ws w, member w ws /\ truth ws w goal = false.
  Proof.
    intros inside decided. apply every_false in decided. destruct decided as [v [v_in here]]. unfold true_at_worlds in here.
    destruct (candidate v) eqn:C; [ | discriminate ]. destruct (fulfilled v) eqn:F; [ | discriminate ].
    assert (own : member v (cluster v)).
    { apply filter_member. split; [ exact v_in | ]. replace (agree v v) with true; [ exact C | ].
      symmetry. apply every_spec. intros m _. destruct (v m); reflexivity. }
    exists (worlds_of (cluster v)), (world_of v). split; [ apply worlds_of_member, own | ].
    rewrite (truth_lemma v F goal v inside own). exact here.
  Qed.
End Goal.

Lemma basics_closed f : closed (basics f).
Proof.
  induction f as [ n | | | a IHa | a IHa b IHb | a IHa b IHb | a IHa b IHb | a IHa b IHb | a IHa | a IHa ]; intros p; simpl.
  - intros [-> | []] x. exact (fun x_in => x_in).
  - intros [].
  - intros [].
  - apply IHa.
  - intros p_in x x_in. apply member_app. apply member_app in p_in. destruct p_in as [p_in | p_in]; [ left; exact (IHa p p_in x x_in) | right; exact (IHb p p_in x x_in) ].
  - intros p_in x x_in. apply member_app. apply member_app in p_in. destruct p_in as [p_in | p_in]; [ left; exact (IHa p p_in x x_in) | right; exact (IHb p p_in x x_in) ].
  - intros p_in x x_in. apply member_app. apply member_app in p_in. destruct p_in as [p_in | p_in]; [ left; exact (IHa p p_in x x_in) | right; exact (IHb p p_in x x_in) ].
  - intros p_in x x_in. apply member_app. apply member_app in p_in. destruct p_in as [p_in | p_in]; [ left; exact (IHa p p_in x x_in) | right; exact (IHb p p_in x x_in) ].
  - intros [-> | p_in] x x_in; [ exact x_in | right; exact (IHa p p_in x x_in) ].
  - intros [-> | p_in] x x_in; [ exact x_in | right; exact (IHa p p_in x x_in) ].
Qed.

Definition decide (f : formula) : bool := decide_over (basics f) f.

Theorem decide_provable f : decide f = true -> Prov f.
Proof. apply decided_provable; [ apply basics_closed | intros p p_in; exact p_in ]. Qed.

Theorem finite_model_property f : decide f = false -> exists ws w, member w ws /\ truth ws w f = false.
Proof. apply decided_refuted. intros p p_in. exact p_in. Qed.

Theorem completeness f : valid f -> Prov f.
Proof.
  intros f_valid. destruct (decide f) eqn:D; [ exact (decide_provable f D) | exfalso ].
  destruct (finite_model_property f D) as [ws [w [w_in false_here]]]. exact (false_not_valid ws w f w_in false_here f_valid).
Qed.

(** Finite universal models suffice: truth in all of them is provability. *)
Theorem finite_completeness f : (forall ws w, member w ws -> truth ws w f = true) -> Prov f.
Proof.
  intros f_valid. destruct (decide f) eqn:D; [ exact (decide_provable f D) | exfalso ].
  destruct (finite_model_property f D) as [ws [w [w_in false_here]]]. rewrite (f_valid ws w w_in) in false_here. discriminate.
Qed.
