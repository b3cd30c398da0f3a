(** * Diagnosis: where and why a certificate is refused

    For people who look for a defect. Nothing depends on it: a verdict rests on [check_proof] and [check_model] alone. *)

From PXL Require Import Kernel.Syntax.
From PXL Require Import Checker.Certificate Checker.Trie Checker.Equality Checker.Nodes Checker.Steps Checker.Replay Checker.CheckModel Checker.Encoding.

Inductive diagnosis : Set :=
  | Accepted
  | MalformedBytes
  | BadNode (n : positive)              (** node n names no earlier node *)
  | NodesDoNotSpellTheGoal
  | BadStep (n : positive)              (** step n is the first that derives nothing *)
  | LastClauseIsNotTheGoal
  | BadValuation                        (** a vector that has not one entry for each world *)
  | GoalHoldsInFirstWorld.

Fixpoint first_bad_node (ds : list node) (next : positive) (t : table) : diagnosis :=
  match ds with
  | [] => NodesDoNotSpellTheGoal
  | d :: ds => match spell t d with Some f => first_bad_node ds (Pos.succ next) (insert next (d, f) t) | None => BadNode next end
  end.

Fixpoint first_bad_step (t : table) (ss : list step) (next : positive) (db : database) : diagnosis :=
  match ss with
  | [] => LastClauseIsNotTheGoal
  | s :: ss => match check_step t db s with Some c => first_bad_step t ss (Pos.succ next) (insert next c db) | None => BadStep next end
  end.

Definition diagnose_proof (goal : formula) (bs : bytes) : diagnosis :=
  if check_proof goal (decode_proof bs) then Accepted else
  match numbers bs with
  | None => MalformedBytes
  | Some input =>
      match proof_of_numbers input with
      | None => MalformedBytes
      | Some p =>
          match build (nodes p) 1 Leaf None with
          | Some (t, Some (_, spelled)) =>
              if formula_eqb spelled goal then first_bad_step t (steps p) 1 Leaf else NodesDoNotSpellTheGoal
          | _ => first_bad_node (nodes p) 1 Leaf
          end
      end
  end.

Definition diagnose_model (goal : formula) (bs : bytes) : diagnosis :=
  if check_model goal (decode_model bs) then Accepted else
  match numbers bs with
  | None => MalformedBytes
  | Some input =>
      match model_of_numbers input with
      | None => MalformedBytes
      | Some m =>
          match index (frame_of m) (valuation m) Leaf with
          | None => BadValuation
          | Some _ => GoalHoldsInFirstWorld
          end
      end
  end.
