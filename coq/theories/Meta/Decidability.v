(** * Decidability and consistency *)

From PXL Require Import Kernel.Syntax Kernel.Provability Kernel.Kripke Kernel.Soundness Kernel.FiniteModels Meta.Completeness.

Theorem provability_decidable f : {Prov f} + {~ Prov f}.
Proof.
  destruct (decide f) eqn:D; [ left; exact (decide_provable f D) | right; intros proof ].
  destruct (finite_model_property f D) as [ws [w [w_in false_here]]].
  exact (false_not_valid ws w f w_in false_here (soundness f proof)).
Qed.

Theorem consistency : ~ Prov Bot.
Proof.
  intros proof. refine (false_not_valid ((fun _ => true) :: nil) (fun _ => true) Bot _ eq_refl (soundness Bot proof)).
  left. reflexivity.
Qed.
