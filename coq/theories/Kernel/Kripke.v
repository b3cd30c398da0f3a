(** * Kripke semantics over equivalence frames

    Satisfaction is the textbook's, in [Prop]. Coq's logic is constructive and S5 is classical, so validity speaks of models in which satisfaction obeys excluded
    middle: under a classical meta-logic that is every model, and every finite model qualifies without any assumption (FiniteModels.v).
    The same choice is made by Doczkal and Smolka, "Completeness and Decidability Results for CTL in Constructive Type Theory" (JAR 2016).

    After Kripke, "Semantical Analysis of Modal Logic I" (1963). *)

From PXL Require Import Kernel.Syntax.

Record model : Type := Model {
  world : Type;
  sees : world -> world -> Prop;
  true_at : world -> name -> Prop
}.

Fixpoint satisfies (M : model) (w : world M) (f : formula) : Prop :=
  match f with
  | Atom n => true_at M w n
  | Bot => False
  | Top => True
  | Not a => ~ satisfies M w a
  | And a b => satisfies M w a /\ satisfies M w b
  | Or a b => satisfies M w a \/ satisfies M w b
  | Imp a b => satisfies M w a -> satisfies M w b
  | Iff a b => satisfies M w a <-> satisfies M w b
  | Box a => forall v, sees M w v -> satisfies M v a
  | Dia a => exists v, sees M w v /\ satisfies M v a
  end.

Definition equivalence_frame (M : model) : Prop :=
  (forall w, sees M w w)
  /\ (forall w v, sees M w v -> sees M v w)
  /\ (forall w v u, sees M w v -> sees M v u -> sees M w u).

Definition excluded_middle (M : model) : Prop :=
  forall f w, satisfies M w f \/ ~ satisfies M w f.

(** Valid in S5: true in every world of every model over an equivalence frame. *)
Definition valid (f : formula) : Prop :=
  forall M, equivalence_frame M -> excluded_middle M -> forall w, satisfies M w f.
