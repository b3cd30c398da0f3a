(** * The commands [PXL Serve] and [PXL Check]

    What a session loads: the checkers with their soundness, the decoders, the diagnosis, and the plugin that puts the question to Coq's kernel. Nothing of Meta/. *)

From PXL Require Export Kernel.Syntax Kernel.Provability.
From PXL Require Import Checker.Replay Checker.CheckModel Checker.Encoding Checker.Diagnose.

Declare ML Module "pxl_plugin:coq-pxl.plugin".

(** Printed statements read [Prov (□ ("A" → "A"))]. *)
Global Open Scope name_scope.
Global Open Scope formula_scope.
