//! The functions that charts call: those of Helm and of sprig, one file a family.
