(** * Derived rules of the Hilbert system

    What the checker's soundness needs: reasoning under an assumption [h], and the rigidity of modal formulas in S5. *)

From PXL Require Import Kernel.Syntax Kernel.Provability.

Local Open Scope formula_scope.

(** ** Reasoning under one assumption *)

Section UnderAssumption.
  Context (h : formula).

  Lemma assumed : Prov (h → h).
  Proof.
    apply (modus_ponens (h → h → h)); [ | apply imp_weaken ].
    apply (modus_ponens (h → (h → h) → h)); [ apply imp_distribute | apply imp_weaken ].
  Qed.

  Lemma weaken a : Prov a -> Prov (h → a).
  Proof. apply modus_ponens, imp_weaken. Qed.

  Lemma under_mp a b : Prov (h → a → b) -> Prov (h → a) -> Prov (h → b).
  Proof. intros ab. apply modus_ponens. exact (modus_ponens _ _ (imp_distribute _ _ _) ab). Qed.

  Lemma under_mp1 a b : Prov (a → b) -> Prov (h → a) -> Prov (h → b).
  Proof. intros ab. apply under_mp, weaken, ab. Qed.

  Lemma under_and a b : Prov (h → a) -> Prov (h → b) -> Prov (h → a ∧ b).
  Proof. intros ha. apply under_mp. revert ha. apply under_mp1, and_intro. Qed.

  Lemma contradiction a : Prov (h → ¬ a) -> Prov (h → a) -> Prov (h → ⊥).
  Proof. intros no. apply under_mp. revert no. apply under_mp1, not_elim. Qed.
End UnderAssumption.

Lemma imp_chain a b c : Prov (a → b) -> Prov (b → c) -> Prov (a → c).
Proof. intros ab bc. exact (under_mp1 a b c bc ab). Qed.

(** Exchange [h ∧ a → b] for [h → a → b]. *)
Lemma curry h a b : Prov (h ∧ a → b) -> Prov (h → a → b).
Proof.
  intros hab.
  apply (under_mp h (a → h ∧ a)); [ | apply and_intro ].
  apply (under_mp1 h (a → h ∧ a → b)); [ apply imp_distribute | ].
  apply weaken, weaken, hab.
Qed.

Lemma uncurry h a b : Prov (h → a → b) -> Prov (h ∧ a → b).
Proof.
  intros hab. apply (under_mp _ a b); [ | apply and_right ].
  apply (imp_chain _ h); [ apply and_left | exact hab ].
Qed.

Lemma refute_by_assuming h a : Prov (h ∧ a → ⊥) -> Prov (h → ¬ a).
Proof. intros absurd. apply (under_mp1 h (a → ⊥)); [ apply not_intro | apply curry, absurd ]. Qed.

Lemma prove_by_refuting h a : Prov (h ∧ ¬ a → ⊥) -> Prov (h → a).
Proof. intros absurd. apply (under_mp1 h (¬ ¬ a)); [ apply double_negation | apply refute_by_assuming, absurd ]. Qed.

Lemma contraposition a b : Prov (a → b) -> Prov (¬ b → ¬ a).
Proof.
  intros ab. apply refute_by_assuming. apply (contradiction _ b).
  - apply and_left.
  - apply (imp_chain _ a); [ apply and_right | exact ab ].
Qed.

Lemma iff_prov_left a b : Prov (a ↔ b) -> Prov (a → b).
Proof. apply modus_ponens, iff_left. Qed.

Lemma iff_prov_right a b : Prov (a ↔ b) -> Prov (b → a).
Proof. apply modus_ponens, iff_right. Qed.

Lemma or_absurd h a b : Prov (h → a ∨ b) -> Prov (h → ¬ a) -> Prov (h → ¬ b) -> Prov (h → ⊥).
Proof.
  intros disjunction no_a no_b. apply (under_mp h (a ∨ b)); [ | exact disjunction ].
  apply (under_mp h (b → ⊥)); [ apply (under_mp1 h (a → ⊥)); [ apply or_elim | ] | ].
  - revert no_a. apply under_mp1, not_elim.
  - revert no_b. apply under_mp1, not_elim.
Qed.

Lemma imp_from_refuted h a b : Prov (h → ¬ a) -> Prov (h → a → b).
Proof.
  intros no_a. apply curry. apply (under_mp1 _ ⊥); [ apply bot_elim | ].
  apply (contradiction _ a); [ apply (imp_chain _ h); [ apply and_left | exact no_a ] | apply and_right ].
Qed.

Lemma imp_from_proved h a b : Prov (h → b) -> Prov (h → a → b).
Proof. apply under_mp1, imp_weaken. Qed.

Lemma under_iff h a b : Prov (h → a → b) -> Prov (h → b → a) -> Prov (h → (a ↔ b)).
Proof. intros ab. apply under_mp. revert ab. apply under_mp1, iff_intro. Qed.

(** ** Modal reasoning *)

Lemma box_monotone a b : Prov (a → b) -> Prov (□ a → □ b).
Proof. intros ab. apply (modus_ponens (□ (a → b))); [ apply axiom_K | apply necessitation, ab ]. Qed.

Lemma box_and a b : Prov (□ a → □ b → □ (a ∧ b)).
Proof. apply (imp_chain _ (□ (b → a ∧ b))); [ apply box_monotone, and_intro | apply axiom_K ]. Qed.

Lemma dia_intro a : Prov (a → ◇ a).
Proof.
  apply (imp_chain _ (¬ □ ¬ a)); [ | apply iff_prov_right, duality ].
  apply refute_by_assuming. apply (contradiction _ a).
  - apply (imp_chain _ (□ ¬ a)); [ apply and_right | apply axiom_T ].
  - apply and_left.
Qed.

Lemma not_dia_iff_box_not a : Prov (¬ ◇ a → □ ¬ a) /\ Prov (□ ¬ a → ¬ ◇ a).
Proof.
  split.
  - apply prove_by_refuting. apply (contradiction _ (◇ a)); [ apply and_left | ].
    apply (imp_chain _ (¬ □ ¬ a)); [ apply and_right | apply iff_prov_right, duality ].
  - apply refute_by_assuming. apply (contradiction _ (□ ¬ a)); [ | apply and_left ].
    apply (imp_chain _ (◇ a)); [ apply and_right | apply iff_prov_left, duality ].
Qed.

Lemma not_box_dia_not a : Prov (¬ □ a → ◇ ¬ a) /\ Prov (◇ ¬ a → ¬ □ a).
Proof.
  assert (box_two : Prov (□ a → □ ¬ ¬ a)).
  { apply box_monotone, refute_by_assuming. apply (contradiction _ a); [ apply and_right | apply and_left ]. }
  split.
  - apply (imp_chain _ (¬ □ ¬ ¬ a)); [ | apply iff_prov_right, duality ].
    apply contraposition, box_monotone, double_negation.
  - apply (imp_chain _ (¬ □ ¬ ¬ a)); [ apply iff_prov_left, duality | apply contraposition, box_two ].
Qed.

(** ** Rigidity: in S5 a modal formula, or its negation, implies its own necessity *)

Lemma rigid_box a : Prov (□ a → □ □ a).
Proof. apply axiom_4. Qed.

Lemma rigid_dia a : Prov (◇ a → □ ◇ a).
Proof. apply axiom_5. Qed.

Lemma rigid_not_box a : Prov (¬ □ a → □ ¬ □ a).
Proof.
  apply (imp_chain _ (◇ ¬ a)); [ apply not_box_dia_not | ].
  apply (imp_chain _ (□ ◇ ¬ a)); [ apply axiom_5 | apply box_monotone, not_box_dia_not ].
Qed.

Lemma rigid_not_dia a : Prov (¬ ◇ a → □ ¬ ◇ a).
Proof.
  apply (imp_chain _ (□ ¬ a)); [ apply not_dia_iff_box_not | ].
  apply (imp_chain _ (□ □ ¬ a)); [ apply axiom_4 | apply box_monotone, not_dia_iff_box_not ].
Qed.
