(** * Claims: what this development proves, one line each

    Start here. A claim is proved by naming its lemma; audit/audit.sh shows that each rests on no axiom. *)

From PXL Require Import Kernel.Syntax Kernel.Provability Kernel.Kripke Kernel.Soundness Kernel.FiniteModels.
From PXL Require Import Checker.Certificate Checker.Replay Checker.CheckModel.
From PXL Require Import Meta.Completeness Meta.Decidability Meta.Substitution.

(** The Hilbert system proves only what is true in every world of every model over an equivalence frame, *)
Theorem claim_soundness : forall f, Prov f -> valid f.
Proof. exact soundness. Qed.

(** and all of it. *)
Theorem claim_completeness : forall f, valid f -> Prov f.
Proof. exact completeness. Qed.

(** Finite models in which every world sees every world are models enough. *)
Theorem claim_finite_model_property : forall f, (forall ws w, member w ws -> truth ws w f = true) -> Prov f.
Proof. exact finite_completeness. Qed.

Theorem claim_decidability : forall f, {Prov f} + {~ Prov f}.
Proof. exact provability_decidable. Qed.

Theorem claim_consistency : ~ Prov Bot.
Proof. exact consistency. Qed.

Theorem claim_uniform_substitution : forall s f, Prov f -> Prov (substitute s f).
Proof. exact uniform_substitution. Qed.

(** A proof certificate that the checker accepts proves its goal, *)
Theorem claim_check_proof_sound : forall goal p, check_proof goal p = true -> Prov goal.
Proof. exact check_proof_sound. Qed.

(** and an accepted countermodel refutes it. *)
Theorem claim_check_model_sound : forall goal m, check_model goal m = true -> ~ Prov goal.
Proof. exact check_model_sound. Qed.
