(** * The node table, and the clauses that define its nodes

    Invariant of a table under construction ([spells_out]): every node on record spells its formula out over the formulas of its children. *)

From PXL Require Import Kernel.Syntax Kernel.Provability Checker.Certificate Checker.Trie Checker.Derived.

(** A node's definition, and the formula that it stands for. *)
Definition table : Set := trie (node * formula).

(** ** Meaning *)

(** The formula of node [n]; any formula would do for a number that names no node. *)
Definition meaning (t : table) (n : positive) : formula :=
  match find n t with Some (_, f) => f | None => Bot end.

Definition holds (t : table) (l : literal) : formula :=
  match l with Holds n => meaning t n | Fails n => Not (meaning t n) end.

Definition fails (t : table) (l : literal) : formula :=
  match l with Holds n => Not (meaning t n) | Fails n => meaning t n end.

Fixpoint all_fail (t : table) (c : clause) : formula :=
  match c with
  | nil => Top
  | cons l c => And (all_fail t c) (fails t l)
  end.

(** A clause is provable when the failure of all its literals is absurd. *)
Definition provable (t : table) (c : clause) : Prop := Prov (Imp (all_fail t c) Bot).

(** ** Construction *)

Definition over1 (t : table) (connective : formula -> formula) (a : positive) : option formula :=
  match find a t with Some (_, f) => Some (connective f) | None => None end.

Definition over2 (t : table) (connective : formula -> formula -> formula) (a b : positive) : option formula :=
  match find a t, find b t with Some (_, f), Some (_, g) => Some (connective f g) | _, _ => None end.

Definition spell (t : table) (d : node) : option formula :=
  match d with
  | NAtom n => Some (Atom n)
  | NBot => Some Bot
  | NTop => Some Top
  | NNot a => over1 t Not a
  | NAnd a b => over2 t And a b
  | NOr a b => over2 t Or a b
  | NImp a b => over2 t Imp a b
  | NIff a b => over2 t Iff a b
  | NBox a => over1 t Box a
  | NDia a => over1 t Dia a
  end.

(** The table of a list of nodes, numbered from [next], with the number and the formula of the last; [None] when a node names no earlier node. *)
Fixpoint build (ds : list node) (next : positive) (t : table) (last : option (positive * formula)) : option (table * option (positive * formula)) :=
  match ds with
  | nil => Some (t, last)
  | cons d ds =>
      match find next t, spell t d with
      | None, Some f => build ds (Pos.succ next) (insert next (d, f) t) (Some (next, f))
      | _, _ => None
      end
  end.

(** ** The invariant *)

Definition spells_out (t : table) : Prop := forall n d f, find n t = Some (d, f) -> spell t d = Some f.

Lemma spell_insert t next entry d f : find next t = None -> spell t d = Some f -> spell (insert next entry t) d = Some f.
Proof.
  intros fresh.
  assert (kept : forall a e, find a t = Some e -> find a (insert next entry t) = Some e).
  { intros a e found. rewrite find_insert_other; [ exact found | ]. intros ->. congruence. }
  assert (kept1 : forall connective a g, over1 t connective a = Some g -> over1 (insert next entry t) connective a = Some g).
  { intros connective a g. unfold over1. destruct (find a t) as [e | ] eqn:E; [ | discriminate ]. rewrite (kept a e E). trivial. }
  assert (kept2 : forall connective a b g, over2 t connective a b = Some g -> over2 (insert next entry t) connective a b = Some g).
  { intros connective a b g. unfold over2.
    destruct (find a t) as [e | ] eqn:E; [ | discriminate ]. destruct (find b t) as [e' | ] eqn:E'; [ | destruct e; discriminate ].
    rewrite (kept a e E), (kept b e' E'). trivial. }
  destruct d; simpl; auto.
Qed.

Lemma build_spells_out ds next t last t' last' :
  spells_out t -> build ds next t last = Some (t', last') -> spells_out t'.
Proof.
  revert next t last. induction ds as [ | d ds IH ]; intros next t last invariant; simpl.
  - intros E. inversion E. subst. exact invariant.
  - destruct (find next t) eqn:fresh; [ discriminate | ]. destruct (spell t d) as [f | ] eqn:spelled; [ | discriminate ].
    apply IH. intros n d' g found. apply find_insert in found. destruct found as [[_ E] | found].
    + inversion E. subst. exact (spell_insert t next _ d f fresh spelled).
    + exact (spell_insert t next _ d' g fresh (invariant n d' g found)).
Qed.

Lemma build_last ds next t last t' n f :
  (forall m g, last = Some (m, g) -> meaning t m = g) ->
  build ds next t last = Some (t', Some (n, f)) -> meaning t' n = f.
Proof.
  revert next t last. induction ds as [ | d ds IH ]; intros next t last correct; simpl.
  - intros E. inversion E. subst. apply correct. reflexivity.
  - destruct (find next t) eqn:fresh; [ discriminate | ]. destruct (spell t d) as [g | ] eqn:spelled; [ | discriminate ].
    apply IH. intros m h E. inversion E. subst. unfold meaning. rewrite find_insert_same. reflexivity.
Qed.

(** ** Definitional clauses *)

(** Clause [k] of node [n], defined by [d]; the table is in docs/certificate-format.md. *)
Definition definitional_clause (n : positive) (d : node) (k : N) : option clause :=
  let clauses :=
    match d with
    | NAtom _ => []
    | NBot => [[Fails n]]
    | NTop => [[Holds n]]
    | NNot a => [[Fails n; Fails a]; [Holds n; Holds a]]
    | NAnd a b => [[Fails n; Holds a]; [Fails n; Holds b]; [Holds n; Fails a; Fails b]]
    | NOr a b => [[Holds n; Fails a]; [Holds n; Fails b]; [Fails n; Holds a; Holds b]]
    | NImp a b => [[Holds n; Holds a]; [Holds n; Fails b]; [Fails n; Fails a; Holds b]]
    | NIff a b => [[Fails n; Fails a; Holds b]; [Fails n; Holds a; Fails b]; [Holds n; Holds a; Holds b]; [Holds n; Fails a; Fails b]]
    | NBox a => [[Fails n; Holds a]]
    | NDia a => [[Holds n; Fails a]]
    end in
  match k, clauses with
  | N0, c :: _ => Some c
  | Npos 1, _ :: c :: _ => Some c
  | Npos 2, _ :: _ :: c :: _ => Some c
  | Npos 3, _ :: _ :: _ :: c :: _ => Some c
  | _, _ => None
  end.

(** ** Their provability *)

Lemma over1_meaning t connective a f : over1 t connective a = Some f -> f = connective (meaning t a).
Proof. unfold over1, meaning. destruct (find a t) as [[d g] | ]; congruence. Qed.

Lemma over2_meaning t connective a b f : over2 t connective a b = Some f -> f = connective (meaning t a) (meaning t b).
Proof. unfold over2, meaning. destruct (find a t) as [[d g] | ]; [ | discriminate ]. destruct (find b t) as [[e h] | ]; congruence. Qed.

(** Proves [Prov (h → a)] where [a] is among the conjuncts of [h]. *)
Ltac project := solve [ apply assumed | apply and_right | apply (imp_chain _ _ _ (and_left _ _)); project ].

Theorem definitional_clause_provable t n d f k c :
  spells_out t -> find n t = Some (d, f) -> definitional_clause n d k = Some c -> provable t c.
Proof.
  intros invariant found. assert (spelled := invariant n d f found).
  assert (n_means : meaning t n = f) by (unfold meaning; rewrite found; reflexivity).
  unfold provable. destruct d as [ s | | | a | a b | a b | a b | a b | a | a ]; simpl in spelled;
    try (injection spelled as <-); try apply over1_meaning in spelled; try apply over2_meaning in spelled;
    try subst f;
    destruct k as [ | [ [ k | k | ] | [ k | k | ] | ] ]; simpl; try discriminate; intros E; injection E as <-; simpl; rewrite n_means;
    try set (fa := meaning t a) in *; try set (fb := meaning t b) in *.
  - (* bottom *) project.
  - (* top *) apply (contradiction _ Top); [ project | apply weaken, top_intro ].
  - (* not *) apply (contradiction _ fa); project.
  - apply (contradiction _ (Not fa)); project.
  - (* and *) apply (contradiction _ fa); [ project | ]. apply (under_mp1 _ (And fa fb)); [ apply and_left | project ].
  - apply (contradiction _ (And fa fb)); [ project | apply under_and; project ].
  - apply (contradiction _ fb); [ project | ]. apply (under_mp1 _ (And fa fb)); [ apply and_right | project ].
  - (* or *) apply (contradiction _ (Or fa fb)); [ project | ]. apply (under_mp1 _ fa); [ apply or_left | project ].
  - apply (or_absurd _ fa fb); project.
  - apply (contradiction _ (Or fa fb)); [ project | ]. apply (under_mp1 _ fb); [ apply or_right | project ].
  - (* implication *) apply (contradiction _ (Imp fa fb)); [ project | apply imp_from_refuted; project ].
  - apply (contradiction _ fb); [ project | apply (under_mp _ fa); project ].
  - apply (contradiction _ (Imp fa fb)); [ project | apply imp_from_proved; project ].
  - (* equivalence *) apply (contradiction _ fb); [ project | ].
    apply (under_mp _ fa); [ apply (under_mp1 _ (Iff fa fb)); [ apply iff_left | project ] | project ].
  - apply (contradiction _ (Iff fa fb)); [ project | apply under_iff; apply imp_from_proved; project ].
  - apply (contradiction _ (Iff fa fb)); [ project | apply under_iff; apply imp_from_refuted; project ].
  - apply (contradiction _ fa); [ project | ].
    apply (under_mp _ fb); [ apply (under_mp1 _ (Iff fa fb)); [ apply iff_right | project ] | project ].
  - (* necessity: axiom T *) apply (contradiction _ fa); [ project | ]. apply (under_mp1 _ (Box fa)); [ apply axiom_T | project ].
  - (* possibility: axiom T, dually *) apply (contradiction _ (Dia fa)); [ project | ]. apply (under_mp1 _ fa); [ apply dia_intro | project ].
Qed.
