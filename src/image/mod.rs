//! What the first bytes of an image say: kind, size, channels, orientation. No pixel is decoded.
