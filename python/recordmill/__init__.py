from recordmill._native import *
