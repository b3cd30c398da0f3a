open Constr

type theory = {
  global : string -> Constr.t;
  connectives : Constr.t array;  (* by the tags of the certificate format *)
  atom : Constr.t;
  name_end : Constr.t;
  name_byte : Constr.t;
  byte_values : Constr.t array;
  b0 : Constr.t;
  b1 : Constr.t;
  b16 : Constr.t;
  cat : Constr.t;
  formula_type : Constr.t;
  bytes_type : Constr.t;
}

let load env =
  let global path = UnivGen.constr_of_monomorphic_global env (Nametab.locate (Libnames.qualid_of_string path)) in
  let syntax name = global ("PXL.Kernel.Syntax." ^ name) and encoding name = global ("PXL.Checker.Encoding." ^ name) in
  let byte_type = global "Coq.Init.Byte.byte" in
  let byte_ind = fst (destInd byte_type) in
  {
    global;
    connectives = Array.map syntax [| "Atom"; "Bot"; "Top"; "Not"; "And"; "Or"; "Imp"; "Iff"; "Box"; "Dia" |];
    atom = syntax "Atom";
    name_end = syntax "NameEnd";
    name_byte = syntax "NameByte";
    (* Coq.Init.Byte.byte has its 256 constructors in the order of their values *)
    byte_values = Array.init 256 (fun value -> mkConstruct (byte_ind, value + 1));
    b0 = encoding "B0";
    b1 = encoding "B1";
    b16 = encoding "B16";
    cat = encoding "Cat";
    formula_type = syntax "formula";
    bytes_type = encoding "bytes";
  }

let atom_of_name theory text =
  let rec from i = if i = String.length text then theory.name_end else mkApp (theory.name_byte, [| theory.byte_values.(Char.code text.[i]); from (i + 1) |]) in
  mkApp (theory.atom, [| from 0 |])

let goal theory wire =
  let r = Frames.reader wire in
  let count = Frames.leb128 r in
  (* each name takes at least its length byte, so a count cannot ask for more memory than the request has bytes *)
  if count > String.length wire then raise (Frames.Malformed "the goal announces more names than it has bytes");
  let atoms = Array.make count theory.name_end in
  for i = 0 to count - 1 do
    atoms.(i) <- atom_of_name theory (Frames.take r (Frames.leb128 r))
  done;
  let too_few () = raise (Frames.Malformed "a connective of the goal lacks an operand") in
  let rec read stack =
    if Frames.at_end r then
      match stack with
      | [ formula ] -> formula
      | _ -> raise (Frames.Malformed "the goal is not exactly one formula")
    else
      let tag = Frames.byte r in
      match (tag, stack) with
      | 0, _ ->
        let i = Frames.leb128 r in
        if i >= count then raise (Frames.Malformed "the goal mentions an atom without a name");
        read (atoms.(i) :: stack)
      | (1 | 2), _ -> read (theory.connectives.(tag) :: stack)
      | (3 | 8 | 9), a :: stack -> read (mkApp (theory.connectives.(tag), [| a |]) :: stack)
      | (4 | 5 | 6 | 7), b :: a :: stack -> read (mkApp (theory.connectives.(tag), [| a; b |]) :: stack)
      | (3 | 4 | 5 | 6 | 7 | 8 | 9), _ -> too_few ()
      | _ -> raise (Frames.Malformed "the goal has an unknown tag")
  in
  read []

let bytes theory text =
  let value i = theory.byte_values.(Char.code (String.unsafe_get text i)) in
  let rec balanced first length =
    if length = 0 then theory.b0
    else if length = 1 then mkApp (theory.b1, [| value first |])
    else if length = 16 then mkApp (theory.b16, Array.init 16 (fun i -> value (first + i)))
    else
      (* the front is a whole number of wide leaves where that is possible *)
      let front = if length > 16 then ((length / 16) + 1) / 2 * 16 else length / 2 in
      let front = if front = length then length / 2 else front in
      mkApp (theory.cat, [| balanced first front; balanced (first + front) (length - front) |])
  in
  balanced 0 (String.length text)

type claim = {
  statement : Constr.t -> Constr.t;
  evidence : Constr.t -> Constr.t -> Constr.t;
  diagnosis : Constr.t -> Constr.t -> Constr.t;
  diagnosis_type : Constr.t;
}

(* [let g := goal in let b := bytes in sound g (decode b) (eq_refl true <: check g (decode b) = true)]: each part is typed once. *)
let evidence_term theory ~sound ~check ~decode goal bytes =
  let bool_type = theory.global "Coq.Init.Datatypes.bool" and yes = theory.global "Coq.Init.Datatypes.true" in
  let reflexivity = mkApp (theory.global "Coq.Init.Logic.eq_refl", [| bool_type; yes |]) in
  let equality = theory.global "Coq.Init.Logic.eq" in
  let g = mkRel 2 and certificate = mkApp (decode, [| mkRel 1 |]) in
  let computed = mkApp (equality, [| bool_type; mkApp (check, [| g; certificate |]); yes |]) in
  let body = mkApp (sound, [| g; certificate; mkCast (reflexivity, VMcast, computed) |]) in
  mkLetIn (Context.anonR, goal, theory.formula_type, mkLetIn (Context.anonR, bytes, theory.bytes_type, body))

let claim theory ~statement ~sound ~check ~decode ~diagnose =
  let global = theory.global in
  let sound = global sound and check = global check and decode = global decode and diagnose = global diagnose in
  {
    statement;
    evidence = evidence_term theory ~sound ~check ~decode;
    diagnosis = (fun goal bytes -> mkApp (diagnose, [| goal; bytes |]));
    diagnosis_type = global "PXL.Checker.Diagnose.diagnosis";
  }

let prov theory =
  let prov = theory.global "PXL.Kernel.Provability.Prov" in
  fun goal -> mkApp (prov, [| goal |])

let provable theory =
  claim theory ~statement:(prov theory) ~sound:"PXL.Checker.Replay.check_proof_sound" ~check:"PXL.Checker.Replay.check_proof"
    ~decode:"PXL.Checker.Encoding.decode_proof" ~diagnose:"PXL.Checker.Diagnose.diagnose_proof"

let refutable theory =
  let prov = prov theory and negation = theory.global "Coq.Init.Logic.not" in
  claim theory
    ~statement:(fun goal -> mkApp (negation, [| prov goal |]))
    ~sound:"PXL.Checker.CheckModel.check_model_sound" ~check:"PXL.Checker.CheckModel.check_model"
    ~decode:"PXL.Checker.Encoding.decode_model" ~diagnose:"PXL.Checker.Diagnose.diagnose_model"
