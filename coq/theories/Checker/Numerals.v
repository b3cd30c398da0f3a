(** * Numerals for certificates written out in Coq

    Exported files import this; sessions do not, because reading [N] numerals brings in much of the standard library. *)

From Coq Require Export PArith.BinPosDef NArith.BinNatDef.

Global Open Scope positive_scope.
