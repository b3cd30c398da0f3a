(** * Tries: finite maps from positive numbers

    Binary tries, the key's bits from the least significant. After Leroy and Appel, "Efficient Extensional Binary Tries" (JAR 2023); extensionality is not needed here, so the
    representation is the simple one. The standard library's maps would bring in modules that every session would have to hold in memory. *)

From Coq Require Import Numbers.BinNums.

Inductive trie (A : Type) : Type :=
  | Leaf
  | Branch (even : trie A) (here : option A) (odd : trie A).

Arguments Leaf {A}.
Arguments Branch {A} even here odd.

Fixpoint find {A} (k : positive) (t : trie A) {struct t} : option A :=
  match t with
  | Leaf => None
  | Branch even here odd =>
      match k with
      | xH => here
      | xO k => find k even
      | xI k => find k odd
      end
  end.

Fixpoint insert {A} (k : positive) (x : A) (t : trie A) : trie A :=
  match k with
  | xH =>
      match t with
      | Leaf => Branch Leaf (Some x) Leaf
      | Branch even _ odd => Branch even (Some x) odd
      end
  | xO k =>
      match t with
      | Leaf => Branch (insert k x Leaf) None Leaf
      | Branch even here odd => Branch (insert k x even) here odd
      end
  | xI k =>
      match t with
      | Leaf => Branch Leaf None (insert k x Leaf)
      | Branch even here odd => Branch even here (insert k x odd)
      end
  end.

Lemma find_insert_same {A} k (x : A) t : find k (insert k x t) = Some x.
Proof. revert t. induction k as [ k IH | k IH | ]; intros [ | even here odd ]; simpl; auto. Qed.

Lemma find_leaf {A} k : find k (@Leaf A) = None.
Proof. reflexivity. Qed.

Lemma find_insert_other {A} j k (x : A) t : j <> k -> find j (insert k x t) = find j t.
Proof.
  revert j t. induction k as [ k IH | k IH | ]; intros [ j | j | ] [ | even here odd ] different; simpl; try congruence;
    try apply find_leaf; try (rewrite IH by congruence; reflexivity).
Qed.

(** What an insertion may change: nothing but the key itself. *)
Lemma find_insert {A} j k (x y : A) t : find j (insert k x t) = Some y -> (j = k /\ y = x) \/ find j t = Some y.
Proof.
  intros found.
  assert (choice : {j = k} + {j <> k}) by decide equality.
  destruct choice as [-> | different].
  - left. rewrite find_insert_same in found. split; congruence.
  - right. rewrite find_insert_other in found by exact different. exact found.
Qed.
