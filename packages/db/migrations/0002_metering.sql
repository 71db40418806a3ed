-- The ledger's functions are in ../functions: those are laid down anew after the migrations, whenever they change.
SELECT 1;
