type request = { claim : Terms.claim; goal : Constr.t; bytes : Constr.t; print : bool; explain : bool }

type verdict =
  | Accepted of string
  | Rejected of string
  | Failed of string

let statement_width = 100

let printed env statement =
  let text = Buffer.create 256 in
  let formatter = Format.formatter_of_buffer text in
  Format.pp_set_margin formatter statement_width;
  (* the default elides what is nested deeper than 50 boxes, and a statement must be whole *)
  Format.pp_set_max_boxes formatter max_int;
  Pp.pp_with formatter (Printer.pr_ltype_env env (Evd.from_env env) statement);
  Format.pp_print_flush formatter ();
  Buffer.contents text

let explained env request =
  let diagnosis = EConstr.of_constr (request.claim.Terms.diagnosis request.goal request.bytes) in
  let sigma = Evd.from_env env in
  let computed = Vnorm.cbv_vm env sigma diagnosis (EConstr.of_constr request.claim.Terms.diagnosis_type) in
  Pp.string_of_ppcmds (Printer.pr_econstr_env env sigma computed)

(* The kernel's only part in a verdict: the type of the evidence, compared with the statement. *)
let kernel_accepts env request =
  let statement = request.claim.Terms.statement request.goal in
  let evidence = request.claim.Terms.evidence request.goal request.bytes in
  match Typeops.infer env evidence with
  | { Environ.uj_type; _ } -> (
    match Reduction.conv env uj_type statement with () -> true | exception Reduction.NotConvertible -> false)
  | exception Type_errors.TypeError _ -> false

let judge env request =
  match
    if kernel_accepts env request then Accepted (if request.print then printed env (request.claim.Terms.statement request.goal) else "")
    else Rejected (if request.explain then explained env request else "the kernel does not accept the certificate for this goal")
  with
  | verdict -> verdict
  | exception Stack_overflow -> Failed "the check exhausted the stack"
  | exception Out_of_memory -> Failed "the check exhausted the memory"
  | exception error -> Failed (Pp.string_of_ppcmds (CErrors.print error))
