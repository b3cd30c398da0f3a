Require Import PXL.Plugin.Command.
PXL Serve.
