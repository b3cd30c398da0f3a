(** * Replay: the proof checker

    A fold of [check_step] over the steps; its soundness needs only the soundness of one step. *)

From PXL Require Import Kernel.Syntax Kernel.Provability.
From PXL Require Import Checker.Certificate Checker.Trie Checker.Derived Checker.Equality Checker.Nodes Checker.Steps.

(** The clause of the last step, when every step is right. Steps are numbered from [next]. *)
Fixpoint replay (t : table) (ss : list step) (next : positive) (db : database) (last : option clause) : option clause :=
  match ss with
  | [] => last
  | s :: ss =>
      match check_step t db s with
      | None => None
      | Some c => replay t ss (Pos.succ next) (insert next c db) (Some c)
      end
  end.

Definition check_proof (goal : formula) (p : proof) : bool :=
  match build (nodes p) 1 Leaf None with
  | Some (t, Some (root, spelled)) =>
      if formula_eqb spelled goal then
        match replay t (steps p) 1 Leaf None with
        | Some [Holds n] => positive_eqb n root
        | _ => false
        end
      else false
  | _ => false
  end.

Lemma replay_sound t ss next db last c :
  spells_out t -> all_provable t db -> (forall c, last = Some c -> provable t c) ->
  replay t ss next db last = Some c -> provable t c.
Proof.
  intros invariant. revert next db last. induction ss as [ | s ss IH ]; intros next db last db_provable last_provable; simpl; [ auto | ].
  destruct (check_step t db s) as [c' | ] eqn:E; [ | discriminate ].
  assert (c'_provable := check_step_sound t db s c' invariant db_provable E).
  apply IH.
  - intros n c'' found. apply find_insert in found. destruct found as [[_ ->] | found]; [ exact c'_provable | exact (db_provable n c'' found) ].
  - intros c'' E'. injection E' as <-. exact c'_provable.
Qed.

Theorem check_proof_sound goal p : check_proof goal p = true -> Prov goal.
Proof.
  unfold check_proof. destruct (build (nodes p) 1 Leaf None) as [[t [[root spelled] | ]] | ] eqn:B; try discriminate.
  destruct (formula_eqb spelled goal) eqn:G; [ | discriminate ]. apply formula_eqb_eq in G. subst spelled.
  destruct (replay t (steps p) 1 Leaf None) as [[ | [n | n] [ | l c ]] | ] eqn:R; try discriminate.
  intros E. apply positive_eqb_eq in E. subst n.
  assert (empty : spells_out Leaf) by (intros n d f; discriminate).
  assert (invariant := build_spells_out _ _ _ _ _ _ empty B).
  assert (root_means : meaning t root = goal) by (refine (build_last _ _ _ _ _ _ _ _ B); intros; discriminate).
  apply replay_sound in R; [ | exact invariant | intros n c; discriminate | intros c; discriminate ].
  unfold provable in R. simpl in R. rewrite root_means in R.
  apply prove_by_refuting in R. exact (modus_ponens _ _ R top_intro).
Qed.
