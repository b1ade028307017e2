//! What do generated clients call into?
