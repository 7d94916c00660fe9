//! Programs that extend Fluxions from outside: with a field operator, a boundary condition, a
//! function, a time scheme or a tracker of their own. Each is a file in tests/, and sees the public
//! interface of `fluxions` alone.
